"""From the HTML of any system to blocks."""

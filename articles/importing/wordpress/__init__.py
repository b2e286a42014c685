"""WordPress's exports (WXR) and the markup that its plugins leave."""

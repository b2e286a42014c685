"""A fictional newsroom, so that a fresh installation has something to read, to vote on, to send and to sell."""

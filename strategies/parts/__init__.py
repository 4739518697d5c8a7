"""What several strategies share, one file each."""

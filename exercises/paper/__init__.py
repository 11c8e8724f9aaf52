"""What goes on paper: A4 pages as PDF, and the charts that pages and paper share."""

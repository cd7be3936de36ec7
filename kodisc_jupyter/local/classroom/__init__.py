"""Who may render on this server, and what it costs them: users, credits, webhooks."""

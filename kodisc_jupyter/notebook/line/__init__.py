"""What a person types on a magic's line: options, subcommands, completion."""

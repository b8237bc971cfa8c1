"""The limits of a strategy: rules that its entries must pass, their size, and the losses that end trading."""

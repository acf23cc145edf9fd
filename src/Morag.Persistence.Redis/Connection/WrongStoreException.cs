namespace Morag.Persistence.Redis.Connection;

/// <summary>Redis is not the one that the plugin belongs to, or has lost its data. Nothing was written, and nothing was read as if it were complete.</summary>
public sealed class WrongStoreException : InvalidOperationException
{
    internal WrongStoreException(string key, string expected, string? found)
        : base(
            $"Redis is not the one that holds this data: \"{key}\" has to be \"{expected}\", but "
            + (found is null ? "is missing. Redis is empty, was emptied, or is another." : $"is \"{found}\". This is another store.")
            + " Nothing was written.")
        => (Key, Expected, Found) = (key, expected, found);

    /// <summary>The key of <c>identity.key</c>.</summary>
    public string Key { get; }

    /// <summary>What it has to hold.</summary>
    public string Expected { get; }

    /// <summary>What it holds; null where it is missing.</summary>
    public string? Found { get; }
}

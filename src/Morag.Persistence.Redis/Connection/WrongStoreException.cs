namespace Morag.Persistence.Redis.Connection;

/// <summary>
/// Redis does not have the identity that the plugin requires: it is another server, or it has lost its data. Nothing was written, and
/// nothing incomplete was returned.
/// </summary>
public sealed class WrongStoreException : InvalidOperationException
{
    internal WrongStoreException(string key, string expected, string? found)
        : base(
            $"This Redis does not hold the expected data: its key \"{key}\" must be \"{expected}\", but "
            + (found is null ? "is missing. Redis has been emptied, or is another server." : $"is \"{found}\". It is another server.")
            + " Nothing was written. Check the address of Redis, or restore its data.")
        => (Key, Expected, Found) = (key, expected, found);

    /// <summary>The setting <c>identity.key</c>.</summary>
    public string Key { get; }

    /// <summary>The setting <c>identity.value</c>.</summary>
    public string Expected { get; }

    /// <summary>The value of the key in Redis, or null if the key is missing.</summary>
    public string? Found { get; }
}

using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>
/// Handles a primary that has become a replica while its connections stayed open. By itself, the client would take up to a minute to
/// notice, and every write would fail until then.
/// </summary>
internal static class ReadOnlyReplica
{
    /// <summary>Whether an error reply comes from a replica that rejects a write.</summary>
    public static bool IsCauseOf(string? error) => error?.StartsWith("READONLY", StringComparison.Ordinal) == true;

    /// <summary>Checks the roles of all servers again.</summary>
    public static Task FollowPrimaryAsync(IConnectionMultiplexer multiplexer) => multiplexer.ConfigureAsync();
}

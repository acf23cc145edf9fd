using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>
/// A server that was the primary and has become a replica, while its connections stayed. Left alone, the client would take
/// up to a minute to notice, and fail all writes until then.
/// </summary>
internal static class ReadOnlyReplica
{
    /// <summary>Whether an error of Redis means this.</summary>
    public static bool Says(string? error) => error?.StartsWith("READONLY", StringComparison.Ordinal) == true;

    /// <summary>Looks at the roles of all servers anew.</summary>
    public static Task FollowPrimaryAsync(IConnectionMultiplexer multiplexer) => multiplexer.ConfigureAsync();
}

using StackExchange.Redis;

namespace Morag.Failover.Node.Stores;

/// <summary>Tells failures of Redis from faults of the node.</summary>
internal static class StoreFailure
{
    /// <summary>
    /// Whether Redis could not be asked, or answered with an error. The client's own refusal to send a command, such as one to a database
    /// that the server does not have, is not a <see cref="RedisException"/>.
    /// </summary>
    public static bool Is(Exception failure) => failure is RedisException or RedisCommandException or TimeoutException;
}

using StackExchange.Redis;

namespace Morag.Failover.Node.Stores;

/// <summary>Distinguishes failures of Redis from faults of the node.</summary>
internal static class StoreFailure
{
    /// <summary>
    /// Whether Redis could not be reached or answered with an error. When the client itself refuses a command, for example one to a
    /// database
    /// that the server does not have, it throws <see cref="RedisCommandException"/>, which is not a <see cref="RedisException"/>.
    /// </summary>
    public static bool Is(Exception failure) => failure is RedisException or RedisCommandException or TimeoutException;
}

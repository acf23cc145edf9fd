using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests.Networks;

/// <summary>A theory that cuts networks. Without redis-server it is skipped, or fails if CI=true.</summary>
public sealed class NetworkTheoryAttribute : TheoryAttribute
{
    public NetworkTheoryAttribute() => Skip = RedisServer.SkipReason;
}

using Morag.Failover.TestProcesses.Networks;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests.Networks;

/// <summary>A theory that cuts networks. Without root, iproute2 or redis-server it is skipped, or fails if CI=true.</summary>
public sealed class NetworkTheoryAttribute : TheoryAttribute
{
    public NetworkTheoryAttribute() => Skip = RedisServer.SkipReason ?? TestNetwork.SkipReason;
}

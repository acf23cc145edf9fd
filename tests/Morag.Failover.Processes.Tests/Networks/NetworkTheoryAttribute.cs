using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests.Networks;

/// <summary>A theory that cuts networks. Without redis-server it is skipped, or fails if CI=true.</summary>
public sealed class NetworkTheoryAttribute : TheoryAttribute
{
    public NetworkTheoryAttribute() => Skip = RedisServer.SkipReason;

    /// <summary>The variable without which it is skipped, because it takes long; null if it always runs.</summary>
    public string? OnlyWith
    {
        get;
        init
        {
            field = value;
            Skip ??= value is null || Environment.GetEnvironmentVariable(value) is not null ? null : $"takes long; runs with {value}=all";
        }
    }
}

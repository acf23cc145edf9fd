using Xunit;

namespace Morag.Redis.TestServers;

/// <summary>A fact that starts redis-server itself. Without redis-server it is skipped, or fails if CI=true.</summary>
public sealed class RequiresRedisServerFactAttribute : FactAttribute
{
    public RequiresRedisServerFactAttribute() => Skip = RedisServer.SkipReason;
}

/// <summary>A theory that starts redis-server itself. Without redis-server it is skipped, or fails if CI=true.</summary>
public sealed class RequiresRedisServerTheoryAttribute : TheoryAttribute
{
    public RequiresRedisServerTheoryAttribute() => Skip = RedisServer.SkipReason;
}

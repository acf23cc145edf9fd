using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using Xunit.Abstractions;

namespace Morag.Persistence.Redis.Tests.Snapshots;

public sealed class SnapshotStoreOnRedisServerSpecs(RedisServer server, ITestOutputHelper output)
    : SnapshotStoreConformance(Plugins.Unhurried(server), output), IClassFixture<RedisServer>;

public sealed class SnapshotStoreOnRedisClusterSpecs(RedisCluster cluster, ITestOutputHelper output)
    : SnapshotStoreConformance(Plugins.Unhurried(cluster), output), IClassFixture<RedisCluster>;

public sealed class SnapshotStoreOnGarnetSpecs(GarnetServer server, ITestOutputHelper output)
    : SnapshotStoreConformance(Plugins.Unhurried(server), output), IClassFixture<GarnetServer>;

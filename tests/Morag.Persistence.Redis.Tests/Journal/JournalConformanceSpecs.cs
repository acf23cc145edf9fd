using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using Xunit.Abstractions;

namespace Morag.Persistence.Redis.Tests.Journal;

public sealed class JournalConformanceOnRedisServerSpecs(RedisServer server, ITestOutputHelper output)
    : JournalConformance(Plugins.On(server), output), IClassFixture<RedisServer>;

public sealed class JournalConformanceOnRedisClusterSpecs(RedisCluster cluster, ITestOutputHelper output)
    : JournalConformance(Plugins.On(cluster), output), IClassFixture<RedisCluster>;

public sealed class JournalConformanceOnGarnetSpecs(GarnetServer server, ITestOutputHelper output)
    : JournalConformance(Plugins.On(server), output), IClassFixture<GarnetServer>;

public sealed class DeletionOnRedisServerSpecs(RedisServer server, ITestOutputHelper output)
    : JournalDeletionConformance(Plugins.On(server), output), IClassFixture<RedisServer>;

public sealed class DeletionOnRedisClusterSpecs(RedisCluster cluster, ITestOutputHelper output)
    : JournalDeletionConformance(Plugins.On(cluster), output), IClassFixture<RedisCluster>;

public sealed class DeletionOnGarnetSpecs(GarnetServer server, ITestOutputHelper output)
    : JournalDeletionConformance(Plugins.On(server), output), IClassFixture<GarnetServer>;

public sealed class SerializationOnRedisServerSpecs(RedisServer server, ITestOutputHelper output)
    : JournalSerializationConformance(Plugins.On(server), output), IClassFixture<RedisServer>;

public sealed class SerializationOnRedisClusterSpecs(RedisCluster cluster, ITestOutputHelper output)
    : JournalSerializationConformance(Plugins.On(cluster), output), IClassFixture<RedisCluster>;

public sealed class SerializationOnGarnetSpecs(GarnetServer server, ITestOutputHelper output)
    : JournalSerializationConformance(Plugins.On(server), output), IClassFixture<GarnetServer>;

public sealed class PersistentActorsOnRedisServerSpecs(RedisServer server, ITestOutputHelper output)
    : PersistentActorConformance(Plugins.On(server), output), IClassFixture<RedisServer>;

public sealed class PersistentActorsOnRedisClusterSpecs(RedisCluster cluster, ITestOutputHelper output)
    : PersistentActorConformance(Plugins.On(cluster), output), IClassFixture<RedisCluster>;

public sealed class PersistentActorsOnGarnetSpecs(GarnetServer server, ITestOutputHelper output)
    : PersistentActorConformance(Plugins.On(server), output), IClassFixture<GarnetServer>;

// Akka's own in-memory journal passes the same tests, which shows that they test rules of Akka.Persistence and not of Redis.
public sealed class JournalConformanceInMemorySpecs(ITestOutputHelper output) : JournalConformance(Plugins.InMemory, output);

public sealed class DeletionInMemorySpecs(ITestOutputHelper output) : JournalDeletionConformance(Plugins.InMemory, output);

public sealed class PersistentActorsInMemorySpecs(ITestOutputHelper output) : PersistentActorConformance(Plugins.InMemory, output);

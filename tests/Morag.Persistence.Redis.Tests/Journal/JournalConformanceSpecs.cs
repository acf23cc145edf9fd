using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using Xunit.Abstractions;

namespace Morag.Persistence.Redis.Tests.Journal;

public sealed class JournalOnRedisServerSpecs(RedisServer server, ITestOutputHelper output)
    : JournalConformance(Plugins.On(server), output), IClassFixture<RedisServer>;

public sealed class JournalOnGarnetSpecs(GarnetServer server, ITestOutputHelper output)
    : JournalConformance(Plugins.On(server), output), IClassFixture<GarnetServer>;

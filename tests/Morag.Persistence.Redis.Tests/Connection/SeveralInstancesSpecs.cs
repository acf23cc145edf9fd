using Akka.Persistence;
using Akka.Persistence.Query;
using Morag.Persistence.Redis.Journal;
using Morag.Persistence.Redis.Query;
using Morag.Persistence.Redis.Snapshots;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Query;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Connection;

/// <summary>Several plugin instances in one actor system, which differ in database, key prefix or server, are independent.</summary>
public sealed class SeveralInstancesSpecs : IAsyncLifetime
{
    private const string Id = "the-same-id";

    private readonly RedisServer _first = new();
    private readonly RedisServer _second = new();
    private readonly Dictionary<string, JournalClient> _instances = [];
    private JournalClient _client = null!;

    public async Task InitializeAsync()
    {
        await _first.InitializeAsync();
        await _second.InitializeAsync();
        var settings = new Dictionary<string, string>
        {
            ["plain"] = $"configuration-string = \"{_first.ConnectionString}\"",
            ["in-database"] = $"configuration-string = \"{_first.ConnectionString}\", database = 3",
            ["with-prefix"] = $"configuration-string = \"{_first.ConnectionString}\", key-prefix = \"other:\"",
            ["elsewhere"] = $"configuration-string = \"{_second.ConnectionString}\", writes-in-flight = 1, replay-page-size = 2",
        };
        _client = new JournalClient(Plugins.On(_first, string.Concat(settings.Select(instance => $$"""
            journal.{{instance.Key}} { class = "{{typeof(RedisJournal).AssemblyQualifiedName}}", {{instance.Value}} }
            snapshots.{{instance.Key}} { class = "{{typeof(RedisSnapshotStore).AssemblyQualifiedName}}", {{instance.Value}} }
            query.{{instance.Key}} {
              class = "{{typeof(RedisReadJournalProvider).AssemblyQualifiedName}}"
              write-plugin = "journal.{{instance.Key}}"
            }

            """))));
        foreach (var name in settings.Keys)
            _instances[name] = _client.Through($"journal.{name}", $"snapshots.{name}");
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    [RequiresRedisServerFact]
    public async Task Should_keep_histories_separate_when_instances_use_the_same_id()
    {
        await Task.WhenAll(_instances.Select(async (instance, n) =>
        {
            for (var sequenceNr = 1; sequenceNr <= n + 3; sequenceNr++)
                await instance.Value.WriteAsync(Id, sequenceNr, payload: instance.Key);
            await instance.Value.SaveSnapshotAsync(new SnapshotMetadata(Id, n + 3, DateTime.UnixEpoch), instance.Key);
        }));
        await _instances["plain"].DeleteAsync(Id, 1);

        foreach (var ((name, instance), n) in _instances.Select((instance, n) => (instance, n)))
        {
            var recovered = await instance.RecoverAsync(Id);
            recovered.Highest.Should(n + 3);
            recovered.Events.Select(e => e.Payload).Should(Enumerable.Repeat<object>(name, name == "plain" ? n + 2 : n + 3));
            (await instance.LoadSnapshotAsync(Id))!.Snapshot.Should(name);
            var queried = await new RunningQuery<EventEnvelope>(
                _client.System.ReadJournalFor<RedisReadJournal>($"query.{name}").CurrentEventsByPersistenceId(Id, 0, long.MaxValue),
                _client.System).RestAsync();
            queried.Select(envelope => envelope.SequenceNr).Should(recovered.SequenceNrs);
        }
    }

    [RequiresRedisServerFact]
    public async Task Should_fail_only_on_one_instance_when_its_server_is_down()
    {
        foreach (var instance in _instances.Values)
            await instance.WriteAsync(Id, 1);

        await _second.KillAsync();
        var lost = _instances["elsewhere"].WriteAsync(Id, 2);
        foreach (var name in (string[])["plain", "in-database", "with-prefix"])
            await _instances[name].WriteAsync(Id, 2);

        Assert.IsNotType<WriteRejectedException>(await Assert.ThrowsAnyAsync<Exception>(() => lost));
        (await HealthAsync("elsewhere")).Should(PersistenceHealthStatus.Unhealthy);
        foreach (var name in (string[])["plain", "in-database", "with-prefix"])
            (await HealthAsync(name)).Should(PersistenceHealthStatus.Healthy);
    }

    private async Task<PersistenceHealthStatus> HealthAsync(string name)
        => (await Akka.Persistence.Persistence.Instance.Apply(_client.System).CheckJournalHealthAsync($"journal.{name}")).Status;
}

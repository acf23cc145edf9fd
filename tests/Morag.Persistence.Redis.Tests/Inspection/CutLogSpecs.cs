using Akka.Persistence;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Inspection;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;

namespace Morag.Persistence.Redis.Tests.Inspection;

/// <summary>Recovery and verification after a truncated log, or after data was deleted by hand.</summary>
public sealed class CutLogSpecs : IAsyncLifetime
{
    private const string Id = "cut";
    private readonly RedisServer _server = new();

    public Task InitializeAsync() => _server.InitializeAsync();

    public Task DisposeAsync() => _server.DisposeAsync();

    [RequiresRedisServerTheory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(150)]
    [InlineData(400)]
    public async Task Should_recover_a_prefix_and_report_no_loss_when_the_log_is_truncated(int bytes)
    {
        const int Written = 12;
        await using (var writer = new JournalClient(Plugins.On(_server)))
        {
            for (var number = 1; number <= Written; number++) await writer.WriteAsync(Id, number);
        }

        await _server.KillAsync();
        var log = Directory.EnumerateFiles(_server.DataFolder, "*.incr.aof", SearchOption.AllDirectories).Single();
        await using (var file = new FileStream(log, FileMode.Open)) file.SetLength(file.Length - bytes);
        await _server.InitializeAsync();

        await using var client = new JournalClient(Plugins.On(_server));
        var left = await client.RecoverAsync(Id);
        Assert.InRange(left.Highest, 1, Written - 1);
        left.SequenceNrs.Should(Enumerable.Range(1, (int)left.Highest).Select(number => (long)number));
        var inspector = new JournalInspector(client.System);
        Assert.DoesNotContain((await inspector.VerifyAsync(Id))!, defect => defect.Matters);
        await client.WriteAsync(Id, left.Highest + 1);
        Assert.Empty((await inspector.VerifyAsync(Id))!);
    }

    [RequiresRedisServerFact]
    public async Task Should_report_a_harmless_defect_when_the_log_ends_between_events_and_their_highest_number()
    {
        await using (var writer = new JournalClient(Plugins.On(_server))) await writer.WriteAsync(Id, 1, 3);
        await using var redis = await _server.ConnectAsync();
        await redis.GetDatabase().KeyDeleteAsync(Keys.Counter(Id));

        await using var client = new JournalClient(Plugins.On(_server));
        var defect = Assert.Single((await new JournalInspector(client.System).VerifyAsync(Id))!);
        (defect.Kind, defect.Matters).Should((DefectKind.HighestBehind, false));
        (await client.RecoverAsync(Id)).Highest.Should(3);
        await client.WriteAsync(Id, 4);
        Assert.Empty((await new JournalInspector(client.System).VerifyAsync(Id))!);
    }

    [RequiresRedisServerTheory]
    [InlineData(5, "number 5 has no event")]
    [InlineData(10, "number 10 has no event")]
    public async Task Should_report_a_gap_that_matters_when_an_event_was_deleted_by_hand(int removed, string words)
    {
        await using var client = new JournalClient(Plugins.On(_server));
        await client.WriteAsync(Id, 1, 10);
        await using var redis = await _server.ConnectAsync();
        (await redis.GetDatabase().SortedSetRemoveRangeByScoreAsync(Keys.Events(Id), removed, removed)).Should(1);

        var defect = Assert.Single((await new JournalInspector(client.System).VerifyAsync(Id))!);

        (defect.Kind, defect.SequenceNr, defect.Matters).Should((DefectKind.Gap, removed, true));
        Assert.StartsWith(words, defect.Detail, StringComparison.Ordinal);
    }

    private static KeyLayout Keys => new(string.Empty, OnCluster: false);
}

using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Inspection;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Inspection;

/// <summary>Inspection of stored data, including damaged data.</summary>
public abstract class InspectionConformance(RedisTestServer server) : IAsyncLifetime
{
    // Separates the keys of each test.
    private readonly string _prefix = $"{Guid.NewGuid():n}:";
    private ConnectionMultiplexer _redis = null!;
    private JournalClient _client = null!;
    private JournalInspector _inspector = null!;

    private IDatabase Database => _redis.GetDatabase();

    private KeyLayout Keys => new(_prefix, server is RedisCluster);

    public async Task InitializeAsync()
    {
        _redis = await server.ConnectAsync();
        _client = new JournalClient(Plugins.On(server, $$"""
            akka.persistence.journal.redis.key-prefix = "{{_prefix}}"
            akka.persistence.snapshot-store.redis.key-prefix = "{{_prefix}}"
            """));
        _inspector = new JournalInspector(_client.System);
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [ServerFact]
    public async Task Should_list_every_id_once_when_read_page_by_page()
    {
        await Task.WhenAll(Enumerable.Range(1, 300).Select(n => _client.WriteAsync($"id-{n}", 1, n % 3 + 1)));

        var found = new List<InspectedId>();
        string? next = null;
        var pages = 0;
        do
        {
            var page = await _inspector.ListIdsAsync(next, 20);
            found.AddRange(page.Ids);
            next = page.Next;
            pages++;
        }
        while (next is not null);

        found.Select(id => id.PersistenceId).Order(StringComparer.Ordinal)
            .Should(Enumerable.Range(1, 300).Select(n => $"id-{n}").Order(StringComparer.Ordinal));
        Assert.All(found, id => Assert.Equal(int.Parse(id.PersistenceId[3..], null) % 3 + 1, id.Events));
        Assert.All(found, id => Assert.Equal(id.Events, id.HighestSequenceNr));
        Assert.InRange(pages, 2, 16);
    }

    [ServerTheory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0-x")]
    [InlineData("-1-0")]
    public async Task Should_reject_a_position_when_no_page_returned_it(string after)
    {
        await Assert.ThrowsAsync<FormatException>(() => _inspector.ListIdsAsync(after, 10));
    }

    [ServerFact]
    public async Task Should_return_all_fields_of_events_when_they_are_readable()
    {
        await _client.WriteAsync("id", 1, payload: new Tagged("text", ["red"]));
        await _client.WriteAsync("id", 2, 49);

        var page = (await _inspector.ReadEventsAsync("id", 1, 20))!;

        var first = page.Events[0];
        first.SequenceNr.Should(1);
        first.Event.Should("text");
        first.Tags.Should(["red"]);
        first.Writer.Should("writer");
        Assert.Null(first.Unreadable);
        Assert.InRange(first.Size, 10, 1000);
        Assert.True(first.WrittenAt > DateTimeOffset.UnixEpoch.AddYears(50));
        page.Events.Select(e => (int)e.SequenceNr).Should(Enumerable.Range(1, 20));
        page.Next.Should(21);
        var last = (await _inspector.ReadEventsAsync("id", 41, 20))!;
        last.Events.Count.Should(10);
        Assert.Null(last.Next);
    }

    [ServerFact]
    public async Task Should_end_a_page_early_when_the_events_are_large()
    {
        for (var n = 1; n <= 40; n++) await _client.WriteAsync("id", n, payload: new string('x', 400_000));

        var page = (await _inspector.ReadEventsAsync("id", 1, 1000))!;

        page.Events.Count.Should(16);
        page.Next.Should(17);
    }

    [ServerFact]
    public async Task Should_distinguish_an_unknown_id_when_another_one_has_only_deleted_events()
    {
        await _client.WriteAsync("deleted", 1, 3);
        await _client.DeleteAsync("deleted", 3);

        Assert.Null(await _inspector.ReadEventsAsync("unknown", 1, 10));
        Assert.Null(await _inspector.VerifyAsync("unknown"));
        Assert.Empty((await _inspector.ReadEventsAsync("deleted", 1, 10))!.Events);
        Assert.Empty((await _inspector.VerifyAsync("deleted"))!);
    }

    [ServerFact]
    public async Task Should_return_the_other_events_when_one_cannot_be_read()
    {
        await _client.WriteAsync("id", 1);
        await Database.SortedSetAddAsync(Keys.Events("id"), "not an event", 2);
        await StoreAsync("id", 3, "e-3");

        var events = (await _inspector.ReadEventsAsync("id", 1, 10))!.Events;

        events.Select(e => e.Unreadable is null).Should([true, false, true]);
        events[1].SequenceNr.Should(2);
        events[1].Size.Should("not an event".Length);
    }

    [ServerFact]
    public async Task Should_return_totals_and_the_largest_ids_when_measured()
    {
        await _client.WriteAsync("small", 1, 3);
        await _client.WriteAsync("large", 1, 10, new string('x', 5000));
        await _client.WriteAsync("with-snapshot", 1);
        await _client.SaveSnapshotAsync(new SnapshotMetadata("with-snapshot", 1, DateTime.UnixEpoch), new string('x', 20_000));

        var sizes = await _inspector.MeasureAsync(largest: 2);

        (sizes.Ids, sizes.Events, sizes.Snapshots).Should((3, 14, 1));
        sizes.Largest.Select(size => size.PersistenceId).Should(["large", "with-snapshot"]);
        Assert.InRange(sizes.EventBytes, 50_000, 100_000);
        Assert.InRange(sizes.SnapshotBytes, 20_000, 40_000);
        sizes.Largest[0].Bytes.Should(sizes.Largest[0].EventBytes);
    }

    [ServerFact]
    public async Task Should_find_no_defects_when_only_the_journal_has_written()
    {
        await _client.WriteAsync("id", 1, 250);
        await _client.DeleteAsync("id", 120);
        await _client.SaveSnapshotAsync(new SnapshotMetadata("id", 120, DateTime.UnixEpoch), "state");

        Assert.Empty((await _inspector.VerifyAsync("id"))!);
    }

    [ServerFact]
    public async Task Should_find_gaps_when_numbers_have_no_event()
    {
        foreach (var number in new[] { 2, 3, 5, 9, 300 }) await StoreAsync("id", number, "e");
        await Database.StringSetAsync(Keys.Counter("id"), 302);

        var defects = (await _inspector.VerifyAsync("id"))!;

        Assert.All(defects, defect => Assert.Equal(DefectKind.Gap, defect.Kind));
        Assert.All(defects, defect => Assert.Equal(Keys.Events("id").ToString(), defect.Key));
        defects.Select(defect => (int)defect.SequenceNr!).Should([4, 6, 10, 301]);
        Assert.Contains("number 4 has no event", defects[0].Detail, StringComparison.Ordinal);
        Assert.Contains("numbers 6 to 8 have no event", defects[1].Detail, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Should_find_duplicates_when_they_span_two_pages()
    {
        for (var number = 1; number <= 100; number++) await StoreAsync("id", number, "e");
        foreach (var again in new[] { "one", "two" }) await StoreAsync("id", 100, again);
        await StoreAsync("id", 101, "e");
        await Database.StringSetAsync(Keys.Counter("id"), 101);

        var defects = (await _inspector.VerifyAsync("id"))!;

        defects.Select(defect => (defect.Kind, defect.SequenceNr))
            .Should([(DefectKind.Duplicate, 100L), (DefectKind.Duplicate, 100L)]);
        Assert.Contains("number 100 has more than one event: rank 99, writer ", defects[0].Detail, StringComparison.Ordinal);
        Assert.Contains("; rank 101, writer ", defects[1].Detail, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Should_find_entries_when_they_are_stored_in_the_wrong_place()
    {
        var system = (ExtendedActorSystem)_client.System;
        await StoreAsync("id", 1, "e");
        await Database.SortedSetAddAsync(Keys.Events("id"), StoredEvent.Encode(system, new Persistent("e", 7, "id"), 1), 2);
        await Database.SortedSetAddAsync(Keys.Events("id"), StoredEvent.Encode(system, new Persistent("e", 3, "another"), 1), 3);
        await Database.StringSetAsync(Keys.Counter("id"), 3);

        var defects = (await _inspector.VerifyAsync("id"))!;

        defects.Select(defect => (defect.Kind, defect.SequenceNr))
            .Should([(DefectKind.WrongSequence, 2L), (DefectKind.WrongPersistenceId, 3L)]);
        Assert.Contains("7", defects[0].Detail, StringComparison.Ordinal);
        Assert.Contains("another", defects[1].Detail, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Should_find_entries_when_they_cannot_be_read()
    {
        await StoreAsync("id", 1, "e");
        await Database.SortedSetAddAsync(Keys.Events("id"), "not an event", 2);
        await Database.StringSetAsync(Keys.Counter("id"), 2);
        await Database.SortedSetAddAsync(Keys.Snapshots("id"), "not a snapshot", 2);

        var defects = (await _inspector.VerifyAsync("id"))!;

        defects.Select(defect => (defect.Kind, defect.Key, defect.SequenceNr)).Should(
            [(DefectKind.Unreadable, Keys.Events("id").ToString(), 2L), (DefectKind.Unreadable, Keys.Snapshots("id").ToString(), 2L)]);
    }

    [ServerFact]
    public async Task Should_find_the_highest_number_when_it_is_missing_or_too_low()
    {
        await StoreAsync("missing", 1, "e");
        await StoreAsync("behind", 1, "e");
        await StoreAsync("behind", 2, "e");
        await Database.StringSetAsync(Keys.Counter("behind"), 1);

        foreach (var id in new[] { "missing", "behind" })
        {
            var defect = Assert.Single((await _inspector.VerifyAsync(id))!);
            (defect.Kind, defect.Matters, defect.Key).Should((DefectKind.HighestBehind, false, Keys.Counter(id).ToString()));
        }
    }

    [ServerFact]
    public async Task Should_find_a_key_when_it_has_another_type()
    {
        await Database.StringSetAsync(Keys.Counter("id"), 1);
        await Database.StringSetAsync(Keys.Events("id"), "not a sorted set");

        var defect = Assert.Single((await _inspector.VerifyAsync("id"))!);

        (defect.Kind, defect.SequenceNr).Should((DefectKind.Unreadable, null));
    }

    private async Task StoreAsync(string id, long number, object e)
    {
        var entry = StoredEvent.Encode((ExtendedActorSystem)_client.System, new Persistent(e, number, id), 1);
        await Database.SortedSetAddAsync(Keys.Events(id), entry, number);
    }
}

public sealed class InspectionOnRedisServerSpecs(RedisServer server) : InspectionConformance(server), IClassFixture<RedisServer>;

public sealed class InspectionOnGarnetSpecs(GarnetServer server) : InspectionConformance(server), IClassFixture<GarnetServer>;

public sealed class InspectionOnRedisClusterSpecs(RedisCluster server) : InspectionConformance(server), IClassFixture<RedisCluster>;

using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Xunit.Abstractions;

namespace Morag.Persistence.Redis.Tests.Conformance;

/// <summary>
/// What the documentation of Akka.Persistence requires of a snapshot store, tested with the messages that persistent actors send. It works
/// with any store.
/// </summary>
public abstract class SnapshotStoreConformance : TestKit
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);
    private static readonly DateTime Noon = new(2026, 11, 23, 12, 0, 0, DateTimeKind.Utc);

    private readonly TestProbe _actor;

    protected SnapshotStoreConformance(Config store, ITestOutputHelper output)
        : base(ConfigurationFactory.ParseString("""
            akka.test.single-expect-default = 60s
            akka.actor.serializers.fails = "Morag.Persistence.Redis.Tests.Conformance.FailingSerializer, Morag.Persistence.Redis.Tests"
            akka.actor.serialization-bindings {
              "Morag.Persistence.Redis.Tests.Conformance.Unserializable, Morag.Persistence.Redis.Tests" = fails
            }
            """).WithFallback(store).WithFallback(Priced.Serialization), output: output)
    {
        _actor = CreateTestProbe();
        Store = Akka.Persistence.Persistence.Instance.Apply(Sys).SnapshotStoreFor(null);
    }

    protected IActorRef Store { get; }

    protected string Id { get; } = $"id-{Guid.NewGuid():n}";

    [ServerFact]
    public void Should_load_nothing_when_nothing_was_saved()
    {
        Assert.Null(Load(SnapshotSelectionCriteria.Latest));
    }

    [ServerFact]
    public void Should_load_the_newest_snapshot_when_there_are_several()
    {
        SaveEachHour(5);

        var loaded = Load(SnapshotSelectionCriteria.Latest)!;

        loaded.Snapshot.Should("s-5");
        loaded.Metadata.Should(new SnapshotMetadata(Id, 5, Noon.AddHours(5)));
    }

    [ServerFact]
    public void Should_load_nothing_when_the_criteria_match_none()
    {
        SaveEachHour(2);

        Assert.Null(Load(SnapshotSelectionCriteria.None));
    }

    [ServerTheory]
    [InlineData(3, 24, 0, 0, "s-3")]
    [InlineData(9, 24, 0, 0, "s-5")]
    [InlineData(9, 3, 0, 0, "s-3")]
    [InlineData(2, 3, 0, 0, "s-2")]
    [InlineData(4, 2, 0, 0, "s-2")]
    [InlineData(9, 24, 5, 0, "s-5")]
    [InlineData(4, 24, 5, 0, null)]
    [InlineData(9, 24, 6, 0, null)]
    [InlineData(3, 24, 0, 3, "s-3")]
    [InlineData(3, 24, 0, 4, null)]
    [InlineData(9, 0, 0, 0, null)]
    public void Should_load_the_newest_match_when_there_are_criteria(
        long highest, int latestHour, long lowest, int earliestHour, string? expected)
    {
        SaveEachHour(5);

        var loaded = Load(Criteria(highest, latestHour, lowest, earliestHour));

        loaded?.Snapshot.Should(expected);
        Assert.Equal(expected is null, loaded is null);
    }

    [ServerFact]
    public void Should_load_no_snapshot_above_the_limit_when_recovery_is_limited()
    {
        SaveEachHour(5);

        Store.Tell(new LoadSnapshot(Id, SnapshotSelectionCriteria.Latest, 3), _actor.Ref);

        _actor.ExpectMsg<LoadSnapshotResult>(Bound).Snapshot.Snapshot.Should("s-3");
    }

    [ServerTheory]
    [InlineData(3, 24, 0, 0, new[] { 4, 5 })]
    [InlineData(9, 3, 0, 0, new[] { 4, 5 })]
    [InlineData(9, 24, 3, 0, new[] { 1, 2 })]
    [InlineData(9, 24, 0, 4, new[] { 1, 2, 3 })]
    [InlineData(4, 24, 2, 0, new[] { 1, 5 })]
    [InlineData(9, 4, 0, 2, new[] { 1, 5 })]
    [InlineData(3, 4, 2, 3, new[] { 1, 2, 4, 5 })]
    [InlineData(2, 24, 4, 0, new[] { 1, 2, 3, 4, 5 })]
    public void Should_delete_exactly_the_matches_when_there_are_criteria(
        long highest, int latestHour, long lowest, int earliestHour, int[] left)
    {
        SaveEachHour(5);

        Delete(Criteria(highest, latestHour, lowest, earliestHour));

        Kept().Should(left);
    }

    [ServerFact]
    public void Should_delete_all_snapshots_when_the_criteria_are_latest()
    {
        SaveEachHour(3);

        Delete(SnapshotSelectionCriteria.Latest);

        Assert.Empty(Kept());
    }

    [ServerFact]
    public void Should_delete_one_snapshot_when_its_number_is_given()
    {
        SaveEachHour(3);

        DeleteOne(Untimed(Id, 2));

        Kept().Should([1, 3]);
    }

    [ServerFact]
    public void Should_delete_a_snapshot_only_when_both_number_and_time_match()
    {
        SaveEachHour(3);

        DeleteOne(new SnapshotMetadata(Id, 2, Noon.AddHours(3)));
        Kept().Should([1, 2, 3]);

        DeleteOne(new SnapshotMetadata(Id, 2, Noon.AddHours(2)));
        Kept().Should([1, 3]);
    }

    [ServerFact]
    public void Should_replace_a_snapshot_when_its_number_is_saved_again()
    {
        Save(new SnapshotMetadata(Id, 4, Noon), "first");
        Save(new SnapshotMetadata(Id, 4, Noon.AddHours(1)), "second");

        Load(SnapshotSelectionCriteria.Latest)!.Snapshot.Should("second");
        Delete(Criteria(9, latestHour: 24, lowest: 0, earliestHour: 1));
        Assert.Null(Load(SnapshotSelectionCriteria.Latest));
    }

    [ServerFact]
    public void Should_replace_a_snapshot_when_the_new_one_has_an_earlier_time()
    {
        Save(new SnapshotMetadata(Id, 4, Noon), "first");
        Save(new SnapshotMetadata(Id, 4, Noon.AddHours(-1)), "second");

        Load(SnapshotSelectionCriteria.Latest)!.Snapshot.Should("second");
    }

    [ServerFact]
    public void Should_keep_the_snapshot_when_the_same_one_is_saved_twice()
    {
        Save(new SnapshotMetadata(Id, 4, Noon), "same");
        Save(new SnapshotMetadata(Id, 4, Noon), "same");

        Load(SnapshotSelectionCriteria.Latest)!.Snapshot.Should("same");
    }

    [ServerTheory]
    [InlineData(DateTimeKind.Utc)]
    [InlineData(DateTimeKind.Local)]
    [InlineData(DateTimeKind.Unspecified)]
    public void Should_keep_the_exact_time_as_utc_when_it_is_of_any_kind(DateTimeKind kind)
    {
        var time = DateTime.SpecifyKind(Noon.AddTicks(1_234_567), kind);

        Save(new SnapshotMetadata(Id, 1, time), "s");

        var loaded = Load(SnapshotSelectionCriteria.Latest)!.Metadata.Timestamp;
        loaded.Kind.Should(DateTimeKind.Utc);
        loaded.Should(kind == DateTimeKind.Local ? time.ToUniversalTime() : time);
    }

    [ServerFact]
    public void Should_set_the_time_when_a_snapshot_has_none()
    {
        Save(Untimed(Id, 1), "s");

        Assert.True(Load(SnapshotSelectionCriteria.Latest)!.Metadata.Timestamp > DateTime.UnixEpoch.AddYears(50));
    }

    [ServerTheory]
    [InlineData(0)]
    [InlineData(10_000)]
    [InlineData(20_000_000)]
    public void Should_load_the_same_bytes_when_a_snapshot_has_any_size(int size)
    {
        var snapshot = new byte[size];
        new Random(size).NextBytes(snapshot);

        Save(Untimed(Id, 1), snapshot);
        Save(Untimed(Id, 1), snapshot);

        Assert.True(snapshot.AsSpan().SequenceEqual((byte[])Load(SnapshotSelectionCriteria.Latest)!.Snapshot));
    }

    [ServerFact]
    public void Should_load_an_actor_reference_when_it_is_the_snapshot()
    {
        Save(Untimed(Id, 1), TestActor);

        Load(SnapshotSelectionCriteria.Latest)!.Snapshot.Should(TestActor);
    }

    [ServerFact]
    public void Should_load_a_snapshot_when_its_serializer_uses_manifests()
    {
        Save(Untimed(Id, 1), new Priced(12.5m));

        Load(SnapshotSelectionCriteria.Latest)!.Snapshot.Should(new Priced(12.5m));
    }

    [ServerFact]
    public void Should_keep_the_earlier_snapshot_when_saving_another_under_its_number_fails()
    {
        Save(new SnapshotMetadata(Id, 4, Noon), "first");

        Store.Tell(new SaveSnapshot(Untimed(Id, 4), new Unserializable()), _actor.Ref);
        _actor.ExpectMsg<SaveSnapshotFailure>(Bound);

        Load(SnapshotSelectionCriteria.Latest)!.Snapshot.Should("first");
    }

    [ServerFact]
    public void Should_keep_the_snapshots_of_other_ids_when_deleting()
    {
        Save(Untimed(Id + "-a", 1), "a");
        Save(Untimed(Id + "-b", 2), "b");

        Delete(SnapshotSelectionCriteria.Latest);
        Store.Tell(new LoadSnapshot(Id + "-a", SnapshotSelectionCriteria.Latest, long.MaxValue), _actor.Ref);
        _actor.ExpectMsg<LoadSnapshotResult>(Bound).Snapshot.Snapshot.Should("a");
    }

    [ServerFact]
    public void Should_load_the_last_save_when_many_have_one_number()
    {
        for (var n = 1; n <= 100; n++)
            Store.Tell(new SaveSnapshot(new SnapshotMetadata(Id, 1, Noon), $"s-{n}"), _actor.Ref);
        for (var n = 1; n <= 100; n++)
            _actor.ExpectMsg<SaveSnapshotSuccess>(Bound);

        Load(SnapshotSelectionCriteria.Latest)!.Snapshot.Should("s-100");
    }

    [ServerFact]
    public async Task Should_report_healthy_when_the_store_replies()
    {
        var health = await Akka.Persistence.Persistence.Instance.Apply(Sys).CheckSnapshotStoreHealthAsync(null);

        Assert.Equal(PersistenceHealthStatus.Healthy, health.Status);
    }

    [ServerFact]
    public async Task Should_throw_and_keep_working_when_a_health_check_is_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Akka.Persistence.Persistence.Instance.Apply(Sys).CheckSnapshotStoreHealthAsync(null, cancelled.Token));

        Save(Untimed(Id, 1), "s");
    }

    protected void Save(SnapshotMetadata metadata, object snapshot)
    {
        Store.Tell(new SaveSnapshot(metadata, snapshot), _actor.Ref);
        var answer = _actor.ExpectMsg<object>(Bound);
        if (answer is SaveSnapshotFailure failure) throw failure.Cause;
        Assert.IsType<SaveSnapshotSuccess>(answer).Metadata.SequenceNr.Should(metadata.SequenceNr);
    }

    protected SelectedSnapshot? Load(SnapshotSelectionCriteria criteria)
    {
        Store.Tell(new LoadSnapshot(Id, criteria, long.MaxValue), _actor.Ref);
        var answer = _actor.ExpectMsg<object>(Bound);
        return answer is LoadSnapshotFailed failed ? throw failed.Cause : Assert.IsType<LoadSnapshotResult>(answer).Snapshot;
    }

    protected void Delete(SnapshotSelectionCriteria criteria)
    {
        Store.Tell(new DeleteSnapshots(Id, criteria), _actor.Ref);
        _actor.ExpectMsg<DeleteSnapshotsSuccess>(Bound).Criteria.Should(criteria);
    }

    protected void DeleteOne(SnapshotMetadata metadata)
    {
        Store.Tell(new DeleteSnapshot(metadata), _actor.Ref);
        _actor.ExpectMsg<DeleteSnapshotSuccess>(Bound).Metadata.Should(metadata);
    }

    private void SaveEachHour(int count)
    {
        for (var n = 1; n <= count; n++)
            Save(new SnapshotMetadata(Id, n, Noon.AddHours(n)), $"s-{n}");
    }

    /// <summary>Metadata as persistent actors send it: the store sets the time, and finds the snapshot without it.</summary>
    private static SnapshotMetadata Untimed(string id, long sequenceNr) => new(id, sequenceNr, DateTime.MinValue);

    private IEnumerable<int> Kept()
        => Enumerable.Range(1, 5).Where(n => Load(new SnapshotSelectionCriteria(n, DateTime.MaxValue, n, null)) is not null);

    private static SnapshotSelectionCriteria Criteria(long highest, int latestHour, long lowest, int earliestHour)
        => new(
            highest,
            latestHour == 24 ? DateTime.MaxValue : Noon.AddHours(latestHour),
            lowest,
            earliestHour == 0 ? null : Noon.AddHours(earliestHour));
}

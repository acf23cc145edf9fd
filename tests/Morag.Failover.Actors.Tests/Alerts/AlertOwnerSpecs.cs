using Morag.Failover.Actors.Alerts;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Actors.Tests.Storage;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Domain.Alerts;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Settings;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Alerts;

/// <summary>The owner of alerts: each alert is raised and resolved once, whatever crashes, and none because somebody is silent.</summary>
public sealed class AlertOwnerSpecs : OwnerSpec
{
    private static readonly FailoverSettings Settings = FailoverSettings.Default;
    private static readonly AlertFacts Lost = new() { Workers = [new() { WorkerId = new("w"), IsLost = true }] };
    private readonly Facts facts = new();
    private readonly Akka.TestKit.TestProbe live;

    public AlertOwnerSpecs(ITestOutputHelper output)
        : base(output)
    {
        live = CreateTestProbe("live");
        Sys.EventStream.Subscribe(live, typeof(AlertChanged));
    }

    private Props Entity => AlertOwner.Props(Settings, Regions, facts);

    [Fact]
    public async Task Should_raise_acknowledge_and_resolve_an_alert_once_over_crashes()
    {
        facts.Now = Lost;
        var owner = Start(Entity);
        await PassAsync(TimeSpan.FromSeconds(20));
        owner = await KillAndRecoverAsync(owner, Entity);
        await PassAsync(TimeSpan.FromSeconds(20));
        owner.Tell(new AcknowledgeAlert { Id = "1", Note = "on it", By = "anna" }, TestActor);
        await ExpectMsgAsync<AlertReply>();
        owner = await KillAndRecoverAsync(owner, Entity);
        facts.Now = new();
        await PassAsync(TimeSpan.FromSeconds(50));
        Assert.Equal(("1", AlertState.Acknowledged, "anna"), Only(await ListAsync(owner)));

        owner = await KillAndRecoverAsync(owner, Entity);
        await PassAsync(TimeSpan.FromSeconds(80));
        await KillAndRecoverAsync(owner, Entity);
        await PassAsync(TimeSpan.FromSeconds(80));
        Assert.Equal(
            [AlertState.Active, AlertState.Acknowledged, AlertState.Resolved],
            (await GotAsync<AlertChanged>(live)).Select(changed => changed.Alert.State));
    }

    [Fact]
    public async Task Should_resolve_nothing_while_facts_are_missing_or_cannot_be_read()
    {
        facts.Now = Lost;
        var owner = Start(Entity);
        await PassAsync(TimeSpan.FromSeconds(20));

        facts.Now = new() { Missing = [AlertSource.Workers] };
        await PassAsync(TimeSpan.FromSeconds(200));
        facts.Now = null;
        await PassAsync(TimeSpan.FromSeconds(200));
        facts.Hangs = true;
        await PassAsync(TimeSpan.FromSeconds(200));
        Assert.Equal(("1", AlertState.Active, null), Only(await ListAsync(owner)));
    }

    [Fact]
    public async Task Should_show_and_tell_nothing_that_is_not_stored()
    {
        facts.Now = Lost;
        Store.Fate = _ => WriteFate.Failed;
        Start(Entity);
        await PassAsync(TimeSpan.FromSeconds(20));
        Assert.Empty(await GotAsync<AlertChanged>(live));

        Store.Fate = _ => WriteFate.Stored;
        Assert.Empty(await ListAsync(Start(Entity)));
    }

    [Fact]
    public async Task Should_judge_no_failure_rate_before_the_window_is_covered_again()
    {
        var owner = Start(Entity);
        for (var minute = 0; minute < 7; minute++)
        {
            facts.FailedEver += 40;
            facts.CompletedEver += 60;
            await PassAsync(TimeSpan.FromMinutes(1));
        }

        var alert = Assert.Single(await ListAsync(owner));
        Assert.Equal((AlertKind.FailureRate, 0.2), (alert.Kind, alert.Threshold));
        Assert.InRange(alert.Value!.Value, 0.35, 0.45);

        // After a take-over, nothing has failed since the first look. That shows nothing.
        owner = await KillAndRecoverAsync(owner, Entity);
        await PassAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(AlertState.Active, Assert.Single(await ListAsync(owner)).State);
        await PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(AlertState.Resolved, Assert.Single(await ListAsync(owner)).State);
    }

    [Fact]
    public async Task Should_hand_over_what_operators_did_until_a_coordinator_has_it_and_keep_changed_thresholds()
    {
        var owner = Start(Entity);
        owner.Tell(
            new SetAlertSettings { Thresholds = new() { RaiseAfterSeconds = 0 }, Off = [AlertKind.StoreSlow], Reason = "now", By = "anna" },
            TestActor);
        await ExpectMsgAsync<AlertSettingsReport>();
        owner = await KillAndRecoverAsync(owner, Entity);
        await PassAsync(TimeSpan.FromSeconds(5));
        var sent = await GotAsync<RecordAudit>(Regions.CoordinatorsProbe);
        var entries = sent.SelectMany(message => message.Entries).Select(entry => (entry.Id, entry.Reason));
        Assert.Equal([("alerts:1", "now")], entries.Distinct());
        Assert.InRange(sent.Count, 2, 4);

        owner.Tell(new AuditRecorded { UpTo = 1 });
        owner = await KillAndRecoverAsync(owner, Entity);
        await PassAsync(TimeSpan.FromSeconds(20));
        Assert.Empty(await GotAsync<RecordAudit>(Regions.CoordinatorsProbe));
        owner.Tell(new GetAlertSettings(), TestActor);
        var report = await ExpectMsgAsync<AlertSettingsReport>();
        Assert.Equal((0, 10), (report.Thresholds.RaiseAfterSeconds, report.Configured.RaiseAfterSeconds));
        Assert.Equal([AlertKind.StoreSlow], report.Off.AsEnumerable());
    }

    private static (string Id, AlertState State, string? By) Only(IEnumerable<Alert> alerts)
    {
        var alert = Assert.Single(alerts);
        return (alert.Id, alert.State, alert.AcknowledgedBy);
    }

    private async Task<IReadOnlyList<Alert>> ListAsync(IActorRef owner)
    {
        await SettleAsync();
        owner.Tell(new ListAlerts(), TestActor);
        return (await ExpectMsgAsync<AlertPage>()).Alerts;
    }

    /// <summary>Facts as a spec declares them. Null cannot be read.</summary>
    private sealed class Facts : IAlertFactsReader
    {
        public AlertFacts? Now { get; set; } = new();

        public bool Hangs { get; set; }

        public long FailedEver { get; set; }

        public long CompletedEver { get; set; }

        public Task<AlertReading> ReadAsync() =>
            Hangs ? new TaskCompletionSource<AlertReading>().Task
            : Now is null ? Task.FromException<AlertReading>(new InvalidOperationException("nobody answers"))
            : Task.FromResult(new AlertReading(Now, FailedEver, CompletedEver));
    }
}

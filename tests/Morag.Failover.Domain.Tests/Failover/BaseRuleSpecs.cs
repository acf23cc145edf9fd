using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Queues;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;
using static Morag.Failover.Domain.Tests.Failover.Cases;

namespace Morag.Failover.Domain.Tests.Failover;

/// <summary>Each row of the base rule, for tasks that are held here and for those that are not.</summary>
public sealed class BaseRuleSpecs
{
    public sealed record Row(string Rule, string When, FailoverStrategy Strategy, int Delay = 0, int MaxRetries = 3);

    private static readonly ImmutableDictionary<string, FailureCase> Situations = new Dictionary<string, FailureCase>
    {
        ["offline, breaker open"] = Of(WorkerOffline, worker: Standing(consecutive: 5, open: true)),
        ["offline"] = Of(WorkerOffline),
        ["offline, no worker"] = Of(WorkerOffline).WithoutWorker(),
        ["timeout, third in a row"] = Of(TaskTimeout, worker: Standing(consecutive: 3)),
        ["timeout, second in a row"] = Of(TaskTimeout, worker: Standing(consecutive: 2)),
        ["timeout, no worker"] = Of(TaskTimeout).WithoutWorker(),
        ["network"] = Of(NetworkFailure),
        ["network, no worker"] = Of(NetworkFailure).WithoutWorker(),
        ["exhaustion"] = Of(ResourceExhaustion),
        ["overloaded"] = Of(WorkerOverloaded),
        ["processing"] = Of(ProcessingError),
        ["authentication"] = Of(AuthenticationFailure),
        ["unserved"] = Of(WorkerOffline).WithoutWorker() with { Unserved = true },
    }.ToImmutableDictionary();

    public static TheoryData<Row> Rows =>
    [
        new("worker_offline.breaker_open", "offline, breaker open", FallbackQueue),
        new("worker_offline", "offline", ReassignSameQueue),
        new("worker_offline", "offline, no worker", ReassignSameQueue),
        new("task_timeout.breaker", "timeout, third in a row", CircuitBreaker),
        new("task_timeout.retry", "timeout, second in a row", RetrySameWorker, Delay: 60),
        new("task_timeout.no_worker", "timeout, no worker", ReassignSameQueue),
        new("network_failure", "network", RetrySameWorker, Delay: 30, MaxRetries: 2),
        new("network_failure", "network, no worker", RetrySameWorker, Delay: 30, MaxRetries: 2),
        new("resource_exhaustion.degrade", "exhaustion", DegradeQuality),
        new("worker_overloaded", "overloaded", ReassignSameQueue),
        new("processing_error", "processing", ReassignSameQueue),
        new("authentication_failure", "authentication", ReassignSameQueue),
        new("unserved", "unserved", FallbackQueue),
    ];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Should_choose_by_the_row_that_fits(Row row)
    {
        ArgumentNullException.ThrowIfNull(row);
        foreach (var failure in new[] { Situations[row.When], Situations[row.When].HeldElsewhere() })
        {
            var decision = failure.Decide().Decision;

            Assert.Equal(row.Strategy, decision.SelectedAction.Strategy);
            Assert.Equal(row.Delay, decision.SelectedAction.RetryDelaySeconds);
            Assert.Equal(row.MaxRetries, decision.SelectedAction.MaxRetries);
            Assert.Equal(row.Rule, decision.DecisionMetadata.Rule);
            Assert.Empty(decision.DecisionMetadata.Guards);
            Assert.Equal(FailoverPolicy.Version, decision.DecisionMetadata.PolicyVersion);
            Assert.NotEmpty(decision.DecisionMetadata.Facts);
            Assert.NotEmpty(decision.AlternativeActions);
            Assert.All(decision.AlternativeActions, lost => Assert.NotEqual("", lost.Reason));
            Assert.All(decision.AlternativeActions, lost => Assert.NotEqual(row.Strategy, lost.Strategy));
            Assert.InRange(decision.Confidence, 0.01, 0.99);
            Assert.False(decision.FailureEvent.Resolved);
        }
    }

    [Fact]
    public void Should_fall_back_when_degradation_is_disabled()
    {
        var settings = Defaults with { Policy = Defaults.Policy with { QualityDegradation = false } };

        var verdict = Of(ResourceExhaustion).Decide(settings);

        Assert.Equal(FallbackQueue, verdict.Action().Strategy);
        Assert.Equal("resource_exhaustion.fallback", verdict.Decision.DecisionMetadata.Rule);
        Assert.Contains(
            verdict.Decision.AlternativeActions,
            lost => lost is { Strategy: DegradeQuality, Reason: "quality degradation is disabled" });
    }

    [Fact]
    public void Should_pin_a_retry_and_leave_the_failed_worker_otherwise()
    {
        var retry = Of(NetworkFailure).Decide();
        var reassignment = Of(ProcessingError).Decide();
        var breaker = Of(TaskTimeout, worker: Standing(consecutive: 3)).Decide();

        Assert.Equal(A, retry.Action().TargetWorkerId);
        Assert.Null(retry.Reassign!.Avoid);
        Assert.Equal(A, reassignment.Reassign!.Avoid);
        Assert.Equal(A, breaker.Reassign!.Avoid);
        Assert.Equal(A, breaker.OpenBreaker!.WorkerId);
    }

    [Fact]
    public void Should_degrade_with_the_default_rung_merged_over_the_settings()
    {
        var facts = Facts with { Quality = JsonText.Trusted("""{"model":"large","reduce_quality":false}""") };

        var verdict = Of(ResourceExhaustion, facts).Decide();

        Assert.Equal("""{"disable_diarization":true,"reduce_quality":true}""", verdict.Action().QualityDegradation.Raw);
        Assert.Equal("""{"model":"large","reduce_quality":true,"disable_diarization":true}""", verdict.Reassign!.Quality!.Value.Raw);
        Assert.Equal(1, verdict.Reassign.QualityRung);
    }

    [Fact]
    public void Should_only_advise_when_no_queue_here_holds_the_task()
    {
        var verdict = Of(WorkerOffline, worker: Standing(open: true)).HeldElsewhere().Decide();

        Assert.Equal(FallbackQueue, verdict.Action().Strategy);
        Assert.Null(verdict.Action().TargetQueue);
        Assert.Null(verdict.Reassign);
        Assert.False(verdict.Decision.DecisionMetadata.Executed);
        Assert.Equal(DecisionOutcome.Advised, verdict.Decision.DecisionMetadata.Outcome);
    }
}

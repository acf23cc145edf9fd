using System.Text.Json;
using Morag.Failover.Cli.Palettes;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Tests.Palettes;

public sealed class ExplainViewSpecs
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 10, 15, 2, TimeSpan.Zero);

    [Fact]
    public void Should_explain_every_decision_oldest_first()
    {
        FailoverDecision[] decisions = [LostWorker(), OutOfMemory()];

        Assert.Equal(
            """
            1. 2026-11-23 10:15:02Z  worker_offline on gpu-a, epoch 4
               message     no heartbeat\nfor 9.2 s
               decision    reassign_same_queue, to queue gpu_priority, immediately
               reason      another worker of the queue is ready
               rule        worker_offline (policy version 1)
               facts       breaker=closed, ready_elsewhere=2
               rejected    fallback_queue: the breaker of gpu-a is closed
                           manual_intervention: budgets are left
               confidence  72.5% (evidence: failures_of_worker=3)
               outcome     applied 2026-11-23 10:15:02Z: leased by gpu-b under epoch 5
               reports     2 more reports of the same failure, answered with this decision

            2. 2026-11-23 10:16:02Z  resource_exhaustion on gpu-b, epoch 5
               context     exit_code=137
               decision    fallback_queue, to queue gpu_fallback, after 5 s
               reason      the ladder has no further rung
               rule        resource_exhaustion (policy version 1)
               guard       ladder replaced degrade_quality with fallback_queue: rung 1 of 1 is used
               witness     gpu-b is credible: recently completed 12 other tasks and failed 1; 7.1% chance of failing a good task
               confidence  50%
               outcome     superseded, not applied: a late completion was accepted

            """,
            Explain(JsonSerializer.SerializeToElement(decisions, ContractsJson.Options)));
    }

    [Fact]
    public void Should_wrap_texts_beside_their_label_when_the_terminal_is_narrow()
    {
        using var output = new StringWriter { NewLine = "\n" };

        ExplainView.Write(output, JsonSerializer.SerializeToElement(OutOfMemory(), ContractsJson.Options), width: 60);

        Assert.Contains(
            """
               guard       ladder replaced degrade_quality with
                           fallback_queue: rung 1 of 1 is used
            """,
            output.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Should_say_so_when_no_failure_is_recorded() =>
        Assert.Equal("no failures recorded for this task\n", Explain(JsonSerializer.SerializeToElement(Array.Empty<object>())));

    [Fact]
    public void Should_explain_a_single_decision_when_the_answer_is_not_a_list() => Assert.StartsWith(
        "1. 2026-11-23 10:15:02Z  worker_offline",
        Explain(JsonSerializer.SerializeToElement(LostWorker(), ContractsJson.Options)),
        StringComparison.Ordinal);

    [Fact]
    public void Should_say_that_nothing_changed_when_a_report_is_stale() =>
        Assert.Equal(
            "stale report, nothing changed: gpu-b holds it\n",
            Explain(JsonSerializer.SerializeToElement(new { task_id = "t", stale = true, detail = "gpu-b holds it" })));

    private static string Explain(JsonElement answer)
    {
        using var output = new StringWriter { NewLine = "\n" };
        ExplainView.Write(output, answer);
        return output.ToString();
    }

    private static FailoverDecision LostWorker() => new()
    {
        TaskId = new TaskId("clip-17"),
        FailureEvent = new FailureEvent
        {
            EventId = new EventId("e-1"),
            TaskId = new TaskId("clip-17"),
            WorkerId = new WorkerId("gpu-a"),
            FailureType = FailureType.WorkerOffline,
            OccurredAt = Start,
            ErrorMessage = "no heartbeat\nfor 9.2 s",
            Resolved = true,
            ResolvedAt = Start.AddMilliseconds(300),
        },
        SelectedAction = new FailoverAction
        {
            Strategy = FailoverStrategy.ReassignSameQueue,
            TargetQueue = new QueueName("gpu_priority"),
            Reason = "another worker of the queue is ready",
        },
        AlternativeActions =
        [
            new FailoverAction { Strategy = FailoverStrategy.FallbackQueue, Reason = "the breaker of gpu-a is closed" },
            new FailoverAction { Strategy = FailoverStrategy.ManualIntervention, Reason = "budgets are left" },
        ],
        Confidence = 0.725,
        DecisionMetadata = new DecisionMetadata
        {
            Executed = true,
            Outcome = DecisionOutcome.Resolved,
            OutcomeDetail = "leased by gpu-b under epoch 5",
            PolicyVersion = "1",
            Rule = "worker_offline",
            Facts = Map(("breaker", "closed"), ("ready_elsewhere", "2")),
            Evidence = Map(("failures_of_worker", "3")),
            Epoch = new LeaseEpoch(4),
            AttachedReports = 2,
        },
    };

    private static FailoverDecision OutOfMemory() => new()
    {
        TaskId = new TaskId("clip-17"),
        FailureEvent = new FailureEvent
        {
            EventId = new EventId("e-2"),
            TaskId = new TaskId("clip-17"),
            WorkerId = new WorkerId("gpu-b"),
            FailureType = FailureType.ResourceExhaustion,
            OccurredAt = Start.AddMinutes(1),
            Context = JsonText.Of(new { exit_code = 137 }),
        },
        SelectedAction = new FailoverAction
        {
            Strategy = FailoverStrategy.FallbackQueue,
            TargetQueue = new QueueName("gpu_fallback"),
            RetryDelaySeconds = 5,
            Reason = "the ladder has no further rung",
        },
        Confidence = 0.5,
        DecisionMetadata = new DecisionMetadata
        {
            Executed = true,
            Outcome = DecisionOutcome.Superseded,
            OutcomeDetail = "a late completion was accepted",
            PolicyVersion = "1",
            Rule = "resource_exhaustion",
            Guards =
            [
                new GuardFired
                {
                    Guard = "ladder",
                    Overruled = FailoverStrategy.DegradeQuality,
                    Chose = FailoverStrategy.FallbackQueue,
                    Reason = "rung 1 of 1 is used",
                },
            ],
            Witnesses =
            [
                new Witness
                {
                    WorkerId = new WorkerId("gpu-b"),
                    Verdict = WitnessVerdict.Credible,
                    Succeeded = 12,
                    FailedOthers = 1,
                    ChanceOfFailingGoodTask = 0.071,
                },
            ],
            Epoch = new LeaseEpoch(5),
        },
    };

    private static System.Collections.Immutable.ImmutableSortedDictionary<string, string> Map(params (string Name, string Value)[] pairs) =>
        System.Collections.Immutable.ImmutableSortedDictionary.CreateRange(
            pairs.Select(pair => KeyValuePair.Create(pair.Name, pair.Value)));
}

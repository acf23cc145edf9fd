using CsCheck;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Tests.Retries;

/// <summary>When a failed call is repeated.</summary>
public sealed class RetryPlanSpecs
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(60);

    private static readonly Gen<MoragException> Transient = Gen.OneOf(
        Gen.Bool.Select(unknown => (MoragException)new MoragUnavailableException("no node answers") { OutcomeUnknown = unknown }),
        Gen.Int[0, 90].Select(seconds => (MoragException)new MoragUnavailableException("not now")
        {
            RetryAfter = TimeSpan.FromSeconds(seconds),
        }),
        Gen.Const(MoragException.Of(Refused.LimitReached("the queue is full"))));

    private static readonly Gen<MoragException> Final = Gen.OneOf(
        Gen.Const(MoragException.Of(Refused.Invalid("queue", "is required"))),
        Gen.Const(MoragException.Of(Refused.Unknown("no such task"))),
        Gen.Const(MoragException.Of(Refused.Conflict("other content"))),
        Gen.Const(Problems.Of(NodeProblem.Read(System.Net.HttpStatusCode.Unauthorized, "{}"))));

    [Fact]
    public void Should_never_repeat_a_call_when_it_may_have_happened_and_is_not_safe() =>
        Gen.Select(Gen.Int[1, 40], Gen.Double[0, 1]).Sample((failures, draw) => Assert.Null(RetryPlan.PauseBefore(
            new MoragUnavailableException("lost") { OutcomeUnknown = true }, false, failures, TimeSpan.Zero, Budget, draw)));

    [Fact]
    public void Should_never_repeat_a_call_when_it_would_fail_again() =>
        Gen.Select(Final, Gen.Bool, Gen.Double[0, 1]).Sample((failure, safe, draw) =>
            Assert.Null(RetryPlan.PauseBefore(failure, safe, 1, TimeSpan.Zero, Budget, draw)));

    [Fact]
    public void Should_start_no_attempt_after_the_budget_and_none_before_the_time_that_the_node_asks_for() =>
        Gen.Select(Transient, Gen.Int[1, 40], Gen.Int[0, 80_000], Gen.Double[0, 1]).Sample((failure, failures, elapsed, draw) =>
        {
            var since = TimeSpan.FromMilliseconds(elapsed);
            var pause = RetryPlan.PauseBefore(failure, isRepeatable: true, failures, since, Budget, draw);
            Assert.True(pause is null || since + pause <= Budget);
            Assert.True(pause is null || pause >= (failure.RetryAfter ?? TimeSpan.Zero));
            Assert.True(pause is null || pause > TimeSpan.Zero);
        });

    [Fact]
    public void Should_double_the_pause_up_to_a_limit_when_attempts_keep_failing()
    {
        var lost = new MoragUnavailableException("lost");
        TimeSpan[] pauses =
            [.. Enumerable.Range(1, 9).Select(failures => RetryPlan.PauseBefore(lost, true, failures, TimeSpan.Zero, Budget, 1)!.Value)];

        Assert.Equal([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000], pauses.Select(pause => pause.TotalMilliseconds));
    }
}

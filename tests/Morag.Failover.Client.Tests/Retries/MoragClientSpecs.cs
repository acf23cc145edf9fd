using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Tests.Retries;

/// <summary>A client whose calls fail.</summary>
public sealed class MoragClientSpecs
{
    private static readonly TaskId Task17 = new("video-17");

    private readonly FakeTransport transport = new(Reply);
    private readonly FakeTimeProvider clock = new();
    private readonly MoragClient client;

    public MoragClientSpecs() => client = new MoragClient(transport, clock: clock);

    [Fact]
    public async Task Should_send_the_same_generated_ids_when_answers_are_lost()
    {
        FailFirst(3, Lost);

        var task = await Running(client.SubmitAsync("cpu_standard", new { File = "17.mp4" }));
        _ = await Running(client.ReportFailureAsync(new ReportFailure { TaskId = Task17, FailureType = FailureType.NetworkFailure }));
        _ = await Running(client.ReportSuccessesAsync(new("gpu-3"), [new ReportedSuccess { TaskId = Task17, DurationSeconds = 1 }]));

        var submissions = transport.SentOf<SubmitTasks>().ToList();
        Assert.Equal(4, submissions.Count);
        Assert.All(submissions, sent => Assert.Equal(task, sent.Tasks[0].TaskId));
        Assert.Single(transport.SentOf<ReportFailure>().Select(report => report.EventId!.Value).Distinct());
        Assert.NotNull(Assert.Single(transport.SentOf<RecordSuccesses>()).Successes[0].EventId);
        Assert.Equal("""{"file":"17.mp4"}""", submissions[0].Tasks[0].Payload.Raw);
    }

    [Fact]
    public async Task Should_not_repeat_a_call_that_is_not_safe_when_its_answer_is_lost()
    {
        FailFirst(1, Lost);

        var failure = await Assert.ThrowsAsync<MoragUnavailableException>(() => Running(client.RequeueTaskAsync(Requeue())));

        Assert.True(failure.OutcomeUnknown);
        Assert.Single(transport.Sent);
    }

    [Fact]
    public async Task Should_not_repeat_a_change_of_a_worker_when_its_answer_is_lost()
    {
        transport.Answer = (_, _) => throw Lost();

        _ = await Assert.ThrowsAsync<MoragUnavailableException>(() => Running(client.DrainWorkerAsync(new("gpu-3"), "update")));
        _ = await Assert.ThrowsAsync<MoragUnavailableException>(() => Running(client.ResumeWorkerAsync(new("gpu-3"))));

        Assert.Equal(2, transport.Sent.Count);
    }

    [Fact]
    public async Task Should_submit_nothing_when_an_id_of_a_later_call_breaks_the_rule()
    {
        var tasks = Enumerable.Range(0, CallLimits.MaxEntries + 5).Select(number => Submission(number, 0)).ToList();
        tasks[^1] = tasks[^1] with { TaskId = new("a/b") };

        _ = await Assert.ThrowsAsync<ArgumentException>(() => client.SubmitAllAsync(tasks));

        Assert.Empty(transport.Sent);
    }

    [Fact]
    public async Task Should_repeat_a_call_that_is_not_safe_when_nothing_was_done()
    {
        FailFirst(2, () => new MoragUnavailableException("connection refused"));

        await Running(client.RequeueTaskAsync(Requeue()));

        Assert.Equal(3, transport.Sent.Count);
    }

    [Fact]
    public async Task Should_give_up_within_the_budget_and_say_that_the_outcome_is_unknown_when_only_the_first_answer_was_lost()
    {
        var calls = 0;
        transport.Answer = (_, _) => throw (calls++ == 0 ? Lost() : new MoragUnavailableException("connection refused"));
        var start = clock.GetUtcNow();

        var failure = await Assert.ThrowsAsync<MoragUnavailableException>(() => Running(client.GetTaskAsync(Task17)));

        Assert.True(failure.OutcomeUnknown);
        Assert.InRange(clock.GetUtcNow() - start, TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(61));
        Assert.InRange(calls, 12, 40);
    }

    public static TheoryData<Refused> Refusals =>
    [
        Refused.Invalid("queue", "there is no such queue"), Refused.Unknown("no such task"), Refused.Conflict("other content"),
        Refused.LimitReached("full"), Refused.Down("queue-0", "restarting", TimeSpan.FromSeconds(1)),
    ];

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Should_say_that_the_outcome_is_unknown_when_an_earlier_answer_was_lost_and_the_repetition_is_refused(Refused refused)
    {
        var calls = 0;
        transport.Answer = (_, _) => throw (calls++ == 0 ? Lost() : MoragException.Of(refused));

        var failure = await Assert.ThrowsAnyAsync<MoragException>(() => Running(client.CancelTaskAsync(Task17, "no longer needed")));

        Assert.True(failure.OutcomeUnknown);
        Assert.Equal(MoragException.Of(refused).GetType(), failure.GetType());
        Assert.True(calls > 1);
    }

    [Fact]
    public async Task Should_stop_at_once_when_the_call_is_cancelled_between_attempts()
    {
        using var cancellation = new CancellationTokenSource();
        transport.Answer = (_, _) => throw Lost();
        var call = client.GetTaskAsync(Task17, cancellation.Token);

        await cancellation.CancelAsync();

        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task Should_send_nothing_when_an_id_breaks_the_rule()
    {
        foreach (var text in new[] { "", "a/b", "../x", "?", null })
        {
            _ = await Assert.ThrowsAsync<ArgumentException>(() => client.GetTaskAsync(new TaskId(text!)));
            _ = await Assert.ThrowsAsync<ArgumentException>(() => client.GetWorkerAsync(new WorkerId(text!)));
        }

        Assert.Empty(transport.Sent);
    }

    [Fact]
    public Task Should_submit_every_task_once_and_in_order_when_they_need_several_calls() => Gen.Int[0, 60_000].Array[0, 1_200].SampleAsync(
        async sizes =>
        {
            var own = new FakeTransport(Reply);
            var tasks = sizes.Select((size, number) => Submission(number, size)).ToList();

            var results = await new MoragClient(own).SubmitAllAsync(tasks);

            Assert.Equal(tasks.Select(task => task.TaskId), results.Select(result => result.TaskId));
            Assert.Equal(tasks, own.SentOf<SubmitTasks>().SelectMany(call => call.Tasks));
            Assert.All(own.SentOf<SubmitTasks>(), call => Assert.InRange(call.Tasks.Length, 1, CallLimits.MaxEntries));
        },
        iter: 15);

    [Fact]
    public async Task Should_name_the_fields_when_a_submission_contradicts_an_earlier_one()
    {
        var refused = Refused.Conflict("other content") with { Fields = ["queue", "payload"] };
        transport.Answer = (_, _) => Task.FromResult<IWireMessage>(
            new TasksSubmitted { Results = [new SubmissionResult { TaskId = Task17, Refused = refused }] });

        var failure = await Assert.ThrowsAsync<MoragConflictException>(() => client.SubmitAsync(Submission(17, 0)));

        Assert.Equal(["queue", "payload"], failure.Fields.AsEnumerable());
        Assert.Equal(ProblemTypes.Conflict, failure.ProblemType);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_keep_the_results_of_earlier_calls_when_a_later_call_of_a_submission_fails(bool isUnknown)
    {
        transport.Answer = (message, _) => transport.SentOf<SubmitTasks>().Count() < 3
            ? Task.FromResult(Reply(message))
            : throw (isUnknown ? Lost() : MoragException.Of(Refused.Invalid("[0].queue", "there is no such queue")));
        var tasks = Enumerable.Range(0, (2 * CallLimits.MaxEntries) + 5).Select(number => Submission(number, 0)).ToList();

        var failure = await Assert.ThrowsAsync<MoragPartlySubmittedException>(() => Running(client.SubmitAllAsync(tasks)));

        Assert.Equal(tasks.Take(2 * CallLimits.MaxEntries).Select(task => task.TaskId), failure.Results.Select(result => result.TaskId));
        Assert.Equal((isUnknown, isUnknown), (failure.OutcomeUnknown, failure.IsTransient));
        _ = Assert.IsAssignableFrom<MoragException>(failure.InnerException);
    }

    [Fact]
    public async Task Should_throw_the_failure_itself_when_the_first_call_of_a_submission_fails()
    {
        transport.Answer = (_, _) => throw MoragException.Of(Refused.Invalid("[0].queue", "there is no such queue"));

        _ = await Assert.ThrowsAsync<MoragInvalidException>(() => Running(client.SubmitAllAsync([Submission(1, 0)])));
    }

    private static MoragUnavailableException Lost() => new("the connection broke") { OutcomeUnknown = true };

    private static RequeueTask Requeue() => new() { TaskId = Task17, Reason = "fixed" };

    private static TaskSubmission Submission(int number, int size) => new()
    {
        TaskId = new($"task-{number}"),
        Queue = new("cpu_standard"),
        Payload = JsonText.Of(new string('x', size)),
    };

    private static IWireMessage Reply(IWireMessage message) => message switch
    {
        SubmitTasks submit => new TasksSubmitted
        {
            Results = [.. submit.Tasks.Select(task => new SubmissionResult { TaskId = task.TaskId })],
        },
        ReportFailure report => Decisions.Of(report),
        RecordSuccesses record => new WorkerReliabilityScore { WorkerId = record.WorkerId },
        RequeueTask => Done.Instance,
        _ => throw new NotSupportedException(message.GetType().Name),
    };

    private void FailFirst(int count, Func<MoragException> failure)
    {
        var left = count;
        transport.Answer = (message, _) => left-- > 0 ? throw failure() : Task.FromResult(Reply(message));
    }

    // Lets the pauses of the client pass.
    private async Task<T> Running<T>(Task<T> call)
    {
        while (!call.IsCompleted)
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        return await call;
    }

    private async Task Running(Task call) => await Running(DoneAsync(call));

    private static async Task<bool> DoneAsync(Task call)
    {
        await call;
        return true;
    }
}

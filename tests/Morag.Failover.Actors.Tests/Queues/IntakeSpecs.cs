using Morag.Failover.Actors.Queues;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Queues;

/// <summary>A flood of submissions slows its callers down, but never stops the queue, and every caller gets an answer.</summary>
public sealed class IntakeSpecs(ITestOutputHelper output) : OwnerSpec(output)
{
    private const int PerCall = 4;

    [Fact]
    public void Should_hold_submissions_while_the_store_is_behind_and_reject_them_when_too_much_waits()
    {
        var intake = new Intake();
        Assert.False(intake.MustWait(Intake.MaxBytesInFlight - 1));
        Assert.True(intake.MustWait(Intake.MaxBytesInFlight));

        var taken = 0;
        while (TryAdd(intake, Call(taken)))
        {
            taken++;
        }

        Assert.InRange(taken, 1, Intake.MostWaiting / (PerCall * 200 * 1024));
        Assert.True(intake.MustWait(0));
        Assert.Null(intake.TakeNext(Intake.MaxBytesInFlight));
        for (var number = 0; number < taken; number++)
        {
            Assert.Equal(Call(number).Tasks[0].TaskId, intake.TakeNext(0)!.Submit.Tasks[0].TaskId);
        }

        Assert.False(intake.MustWait(0));
        Assert.True(TryAdd(intake, Call(0)));
    }

    [Fact]
    public async Task Should_answer_every_call_of_a_flood_and_keep_what_was_accepted()
    {
        var queue = Start(QueueActor.Props(0, FailoverSettings.Default, Regions, Outages, IEpochFloors.None));
        const int Calls = 150;
        for (var number = 0; number < Calls; number++)
        {
            queue.Tell(Call(number), TestActor);
        }

        var answers = await ReceiveNAsync(Calls).ToListAsync();
        Assert.All(answers, answer => Assert.True(answer is TasksSubmitted or Refused { Reason: RefusalReason.LimitReached }, $"{answer}"));
        var accepted = answers.OfType<TasksSubmitted>().SelectMany(answer => answer.Results).ToList();
        Assert.All(accepted, result => Assert.Null(result.Refused));
        Assert.NotEmpty(accepted);
        Assert.Equal(accepted.Count, Store.EventsOf("queue-0", Sys).OfType<TasksAccepted>().Sum(@event => @event.Tasks.Length));
    }

    private static bool TryAdd(Intake intake, SubmitTasks call) => intake.TryAdd(call, BatchRules.Check(call).Bytes, ActorRefs.Nobody);

    private static SubmitTasks Call(int number) => new()
    {
        Partition = 0,
        Tasks =
        [
            .. Enumerable.Range(0, PerCall).Select(task => new TaskSubmission
            {
                TaskId = new($"t-{number}-{task}"),
                Queue = new("cpu_standard"),
                Payload = JsonText.Of(new string('x', 200 * 1024)),
            }),
        ],
    };
}

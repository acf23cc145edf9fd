using CsCheck;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Partitioning;

namespace Morag.Failover.Client.Akka.Tests;

/// <summary>Where messages go, and how replies of several partitions become one.</summary>
public sealed class MessageRoutesSpecs
{
    public static TheoryData<IWireMessage, string> Messages => new()
    {
        { new GetTask { TaskId = new("a") }, FailoverClient.Queues },
        { new CancelTask { TaskId = new("a") }, FailoverClient.Queues },
        { new ExtendLease { TaskId = new("a"), WorkerId = new("w"), Epoch = new(1) }, FailoverClient.Queues },
        { new ReportProgress { TaskId = new("a"), WorkerId = new("w"), Epoch = new(1) }, FailoverClient.Queues },
        { new GetTaskDecisions { TaskId = new("a") }, FailoverClient.Coordinators },
        { new ReportFailure { TaskId = new("a"), FailureType = FailureType.TaskTimeout }, FailoverClient.Coordinators },
        { new RequestLeases { WorkerId = new("w") }, FailoverClient.Workers },
        { new GetWorker { WorkerId = new("w") }, FailoverClient.Workers },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void Should_send_a_message_to_its_owner(IWireMessage message, string path)
    {
        var part = Assert.Single(new MessageRoutes(4, 4).Split(message));

        Assert.Equal(new RoutedMessage(path, message), part.Routed);
    }

    [Fact]
    public void Should_ask_the_bucket_of_the_worker_before_it_registers()
    {
        var register = new RegisterWorker
        {
            Registration = new WorkerRegistration { WorkerId = new("w"), Capability = WorkerCapability.Cpu },
        };

        var admission = new MessageRoutes(1, 8).Admission(register);

        Assert.Equal(
            new RoutedMessage(
                FailoverClient.Directory, new AdmitWorker { Bucket = Partition.Of(new WorkerId("w"), 8), WorkerId = new("w") }),
            admission);
    }

    [Fact]
    public void Should_send_each_task_to_its_partition_and_return_the_results_in_order() =>
        Gen.Select(Gen.Int[1, 200], Gen.Int[1, 9]).Sample((count, partitions) =>
        {
            var tasks = Enumerable.Range(0, count)
                .Select(number => new TaskSubmission { TaskId = new($"task-{number}"), Queue = new("q") }).ToList();

            var parts = new MessageRoutes(partitions, 1).Split(new SubmitTasks { Partition = 0, Tasks = [.. tasks] });
            var joined = (TasksSubmitted)MessageRoutes.Join(parts, [.. parts.Select(part => Reply((SubmitTasks)part.Routed.Message))]);

            Assert.Equal(tasks.Select(task => task.TaskId), joined.Results.Select(result => result.TaskId));
            Assert.All(parts.Select(part => (SubmitTasks)part.Routed.Message), sent => Assert.All(
                sent.Tasks, task => Assert.Equal(sent.Partition, Partition.Of(task.TaskId, partitions))));
        });

    [Fact]
    public void Should_deliver_the_results_of_the_other_partitions_when_one_does_not_answer()
    {
        var tasks = Enumerable.Range(0, 50).Select(number => new TaskId($"task-{number}")).ToList();
        IWireMessage[] whole =
        [
            new SubmitTasks { Partition = 0, Tasks = [.. tasks.Select(task => new TaskSubmission { TaskId = task, Queue = new("q") })] },
            new CompleteTasks
            {
                Partition = 0,
                WorkerId = new("w"),
                Completions = [.. tasks.Select(task => new TaskCompletion { TaskId = task, Epoch = new(1) })],
            },
            new ReleaseLeases
            {
                Partition = 0,
                WorkerId = new("w"),
                Leases = [.. tasks.Select(task => new LeaseRef { TaskId = task, Epoch = new(1) })],
            },
        ];
        var down = Refused.Unavailable("no node answered within 30 s");
        foreach (var message in whole)
        {
            var parts = new MessageRoutes(4, 1).Split(message);

            var joined = MessageRoutes.Join(parts, [.. parts.Select(part => part.Routed.Message)
                .Select(sent => ((IPartitionMessage)sent).Partition == 2 ? down : Reply(sent))]);

            var results = joined is TasksSubmitted submitted
                ? submitted.Results.Select(result => (result.TaskId, result.Refused))
                : ((LeaseResults)joined).Results.Select(result => (result.TaskId, result.Refused));
            Assert.Equal(tasks.Select(task => (task, Partition.Of(task, 4) == 2 ? down : null)), results);
        }
    }

    [Theory]
    [InlineData(RefusalReason.LimitReached, true)]
    [InlineData(RefusalReason.Unavailable, true)]
    [InlineData(RefusalReason.Conflict, false)]
    public void Should_refuse_a_submission_as_a_whole_as_over_http_when_no_task_can_be_accepted_now(RefusalReason reason, bool whole)
    {
        var refused = new Refused { Reason = reason, Message = "why" };
        var reply = new TasksSubmitted { Results = [new SubmissionResult { TaskId = new("a"), Refused = refused }] };

        Assert.Equal(whole ? refused : null, MessageRoutes.AllRefused(reply));
        Assert.Null(MessageRoutes.AllRefused(reply with { Results = [.. reply.Results, new SubmissionResult { TaskId = new("b") }] }));
    }

    [Fact]
    public void Should_ask_every_partition_for_a_list_and_merge_the_pages_without_a_gap() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 5], Gen.Int[0, 40]).Sample((limit, partitions, count) =>
        {
            var routes = new MessageRoutes(partitions, 1);
            var all = Enumerable.Range(0, count).Select(number => new TaskId($"task-{number:D3}")).ToList();
            var read = new List<TaskId>();
            var hasMore = true;
            while (hasMore)
            {
                TaskId? last = read.Count == 0 ? null : read[^1];
                var parts = routes.Split(new ListTasks { Partition = 0, After = last, Limit = limit });
                var page = (TaskPage)MessageRoutes.Join(
                    parts, [.. parts.Select(part => PageOf(all, (ListTasks)part.Routed.Message, partitions))]);
                read.AddRange(page.Tasks.Select(task => task.TaskId));
                hasMore = page.HasMore;
            }

            Assert.Equal(all, read);
        });

    [Fact]
    public void Should_refuse_a_list_when_one_partition_does_not_answer()
    {
        var parts = new MessageRoutes(2, 1).Split(new ListTasks { Partition = 0 });
        var down = Refused.Unavailable("no node answered within 30 s");

        Assert.Equal(down, MessageRoutes.Join(parts, [new TaskPage(), down]));
    }

    [Fact]
    public void Should_add_up_what_the_partitions_changed_when_a_call_changes_many_tasks()
    {
        var parts = new MessageRoutes(2, 1).Split(CancelAll());

        var joined = (TasksAffected)MessageRoutes.Join(
            parts,
            [new TasksAffected { Count = 3, Sample = [new("a"), new("b")] }, new TasksAffected { Count = 4, Sample = [new("c")] }]);

        Assert.Equal(7, joined.Count);
        Assert.Equal(["a", "b", "c"], joined.Sample.Select(task => task.Value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Should_not_say_that_nothing_was_done_when_one_partition_is_down_and_another_has_cancelled_tasks(bool dryRun)
    {
        var parts = new MessageRoutes(2, 1).Split(CancelAll() with { DryRun = dryRun });
        var down = Refused.Down("queue-1", "queue-1 is down", TimeSpan.FromSeconds(1));

        var refused = (Refused)MessageRoutes.Join(parts, [new TasksAffected { Count = 3 }, down]);

        Assert.Equal((RefusalReason.Unavailable, dryRun ? "queue-1" : null), (refused.Reason, refused.Owner));
        Assert.Equal(!dryRun, MoragException.Of(refused).OutcomeUnknown);
        Assert.Contains("queue-1 is down", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_say_that_the_outcome_is_unknown_when_that_is_so_for_one_of_the_partitions_that_refuse()
    {
        var down = Refused.Down("queue-0", "queue-0 is down", TimeSpan.FromSeconds(1));
        var lost = Refused.Unavailable("no node answered within 30 s");
        var submitted = new TasksSubmitted
        {
            Results =
            [
                new SubmissionResult { TaskId = new("a"), Refused = down }, new SubmissionResult { TaskId = new("b"), Refused = lost },
            ],
        };

        Assert.Equal(lost, MessageRoutes.AllRefused(submitted));
        Assert.Equal(lost, MessageRoutes.Join(new MessageRoutes(2, 1).Split(CancelAll()), [down, lost]));
        Assert.Equal(down, MessageRoutes.Join(new MessageRoutes(2, 1).Split(CancelAll()), [down, down with { Owner = "queue-1" }]));
    }

    [Fact]
    public void Should_name_the_transport_that_can_when_it_cannot_carry_a_message()
    {
        var routes = new MessageRoutes(1, 1);
        IWireMessage[] others =
        [
            new ListFailures { Partition = 0 }, new GetFailureStatistics { Partition = 0 }, new GetQueueStats { Partition = 0 },
            new ListStaleReports { Partition = 0 }, new GetWorkerStats { Bucket = 0 },
            new TakeWorkerOffline { WorkerId = new("w"), Reason = "broken" },
        ];

        Assert.All(others, message => Assert.Equal(
            $"The transport over ClusterClient cannot carry {message.GetType().Name}. Use the HTTP transport (AddMoragFailover) for it.",
            Assert.Throws<NotSupportedException>(() => routes.Split(message)).Message));
    }

    private static CancelTasks CancelAll() => new()
    {
        Partition = 0,
        Filter = new TaskFilter { Queue = new("q") },
        Reason = "no longer needed",
    };

    private static TaskPage PageOf(IEnumerable<TaskId> all, ListTasks asked, int partitions)
    {
        var rest = all.Where(task => Partition.Of(task, partitions) == asked.Partition
            && (asked.After is null || string.CompareOrdinal(task.Value, asked.After.Value.Value) > 0)).ToList();
        return new TaskPage
        {
            Tasks = [.. rest.Take(asked.Limit).Select(task => new QueueEntry { TaskId = task, QueueType = new("q") })],
            HasMore = rest.Count > asked.Limit,
        };
    }

    private static IWireMessage Reply(IWireMessage sent) => sent switch
    {
        SubmitTasks submit => Reply(submit),
        CompleteTasks complete => new LeaseResults
        {
            Results = [.. complete.Completions.Select(done => new LeaseResult { TaskId = done.TaskId, Epoch = done.Epoch })],
        },
        ReleaseLeases release => new LeaseResults
        {
            Results = [.. release.Leases.Select(lease => new LeaseResult { TaskId = lease.TaskId, Epoch = lease.Epoch })],
        },
        _ => throw new NotSupportedException(sent.GetType().Name),
    };

    private static TasksSubmitted Reply(SubmitTasks sent) => new()
    {
        Results = [.. sent.Tasks.Select(task => new SubmissionResult { TaskId = task.TaskId })],
    };
}

using System.Buffers;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Tests.Serialization;

/// <summary>What is read back many times over: equal values must take the memory of one, and must not change one another.</summary>
/// <remarks>They run alone, because the values that other specs read would be remembered in place of these.</remarks>
[Collection(nameof(Alone))]
public sealed class SharedValuesSpecs
{
    [Fact]
    public void Should_read_equal_values_of_different_tasks_as_one_instance()
    {
        var (one, other) = (Read(Task("a", memoryGb: 3)), Read(Task("b", memoryGb: 3)));

        Assert.Same(one.Queue.Value, other.Queue.Value);
        Assert.Same(one.Queue.Value, one.Submission.Queue.Value);
        Assert.Same(one.Submission.ContentType, other.Submission.ContentType);
        Assert.Same(one.Submission.ResourceRequirements, other.Submission.ResourceRequirements);
        Assert.Same(one.Budgets, other.Budgets);
        Assert.Same(one.Lease!.WorkerId.Value, other.Lease!.WorkerId.Value);
        Assert.True(one.Quality.Utf8.Equals(one.Submission.Quality.Utf8));
    }

    [Fact]
    public void Should_not_change_a_value_that_was_read_before()
    {
        var small = Read(Task("a", memoryGb: 1));
        var large = Read(Task("b", memoryGb: 64) with { Budgets = new TaskBudgets { Failures = 2, OwnFailures = 2 } });
        var again = Read(Task("c", memoryGb: 1));

        Assert.Equal((1, 64, 1), (MemoryGb(small), MemoryGb(large), MemoryGb(again)));
        Assert.Equal((0, 2, 0), (small.Budgets.Failures, large.Budgets.Failures, again.Budgets.Failures));
        Assert.Equal(new TaskBudgets(), TaskBudgets.Unused);
        Assert.Equal(new ResourceRequirements(), ResourceRequirements.None);

        static double MemoryGb(TaskRecord task) => task.Submission.ResourceRequirements.MemoryGb;
    }

    [Fact]
    public void Should_read_values_right_while_many_threads_read_different_ones() => Parallel.For(0, 4_000, number =>
    {
        var task = Task($"t{number}", memoryGb: number % 1_500);
        Assert.Equal(task.Submission.ResourceRequirements, Read(task).Submission.ResourceRequirements);
    });

    private static TaskRecord Task(string id, double memoryGb) => new()
    {
        Submission = new TaskSubmission
        {
            TaskId = new(id),
            Queue = new("shared_queue"),
            ContentType = "application/x-shared",
            Quality = JsonText.Trusted("""{"dpi":300}"""),
            ResourceRequirements = new ResourceRequirements { MemoryGb = memoryGb },
        },
        Queue = new("shared_queue"),
        Quality = JsonText.Trusted("""{"dpi":300}"""),
        Lease = new TaskLease { Epoch = new(1), WorkerId = new("shared-worker") },
    };

    private static TaskRecord Read(TaskRecord task)
    {
        var bytes = new ArrayBufferWriter<byte>();
        ContractsModel.Instance.Serialize(bytes, task);
        return ContractsModel.Instance.Deserialize<TaskRecord>(bytes.WrittenSpan);
    }

    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;
}

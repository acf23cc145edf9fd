using CsCheck;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class TaskTableSpecs
{
    private static readonly Gen<(int Id, int Attempt, bool In)[]> Changes =
        Gen.Select(Gen.Int[0, 600], Gen.Int[0, 5], Gen.Int[0, 2], (id, attempt, choice) => (id, attempt, choice > 0)).Array[1, 3_000];

    [Fact]
    public void Should_agree_with_a_sorted_dictionary_after_any_changes() => Changes.Sample(
        changes =>
        {
            var model = new SortedDictionary<string, TaskRecord>(StringComparer.Ordinal);
            var table = TaskTable.Empty;
            foreach (var (id, attempt, isIn) in changes)
            {
                var task = Task(id, attempt);
                if (isIn)
                {
                    model[task.TaskId.Value] = task;
                    table = table.With(task);
                }
                else
                {
                    model.Remove(task.TaskId.Value);
                    table = table.Without(task.TaskId);
                }
            }

            CheckAgainst(model, table);
            CheckAgainst(model, TaskTable.Of([.. model.Values]));
            CheckAgainst(model, TaskTable.Of([.. model.Values.OrderBy(task => task.Attempt)]));
        },
        iter: 100);

    [Fact]
    public void Should_leave_earlier_versions_unchanged() => Changes.Sample(
        changes =>
        {
            var versions = new List<(TaskTable Table, TaskRecord[] Tasks)>();
            var table = TaskTable.Empty;
            foreach (var (id, attempt, isIn) in changes.Take(400))
            {
                table = isIn ? table.With(Task(id, attempt)) : table.Without(new($"t{id}"));
                versions.Add((table, [.. table.Values]));
            }

            Assert.All(versions, version => Assert.Equal(version.Tasks, version.Table.Values));
        },
        iter: 20);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Should_hold_many_tasks_when_ids_ascend_or_descend(bool descending)
    {
        var ids = Enumerable.Range(0, 40_000).Select(number => $"t{number:000000}").ToList();
        var table = (descending ? Enumerable.Reverse(ids) : ids).Aggregate(TaskTable.Empty, (table, id) => table.With(Task(id, 0)));

        Assert.Equal(ids, table.Values.Select(task => task.TaskId.Value));
        Assert.All(ids, id => Assert.Equal(id, table[new(id)].TaskId.Value));
        table = ids.Aggregate(table, (table, id) => table.Without(new(id)));
        Assert.True(table.IsEmpty);
        Assert.Empty(table.Values);
    }

    [Fact]
    public void Should_find_a_task_when_it_sorts_below_the_former_last_id_of_a_full_node()
    {
        var table = Enumerable.Range(0, 1_024).Aggregate(TaskTable.Empty, (table, number) => table.With(Task($"t{10 * number:000000}", 0)));
        table = table.Without(new("t010230")).With(Task("t010225", 0)).With(Task("t010228", 0));

        Assert.Equal(1_025, table.Count);
        Assert.All(table.Values, task => Assert.Same(task, table[task.TaskId]));
        Assert.Equal("t010228", table.After(new("t010225")).Single().TaskId.Value);
    }

    /// <summary>Like a real queue: new ids mostly ascend, the newest and oldest are removed, and some arrive in between.</summary>
    [Fact]
    public void Should_hold_every_task_while_ids_ascend_and_others_are_removed() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 1_000]).Array[30_000].Sample(
            steps =>
            {
                var model = new SortedSet<string>(StringComparer.Ordinal);
                var table = TaskTable.Empty;
                var next = 0;
                foreach (var (kind, number) in steps)
                {
                    if (kind < 6 || model.Count == 0)
                    {
                        // Usually the next id, sometimes one shortly before it.
                        var id = $"t{(kind < 5 ? next += 10 : Math.Max(0, next - number)):000000}";
                        model.Add(id);
                        table = table.With(Task(id, 0));
                    }
                    else
                    {
                        var id = kind switch
                        {
                            < 8 => model.Max!,
                            8 => model.Min!,
                            _ => $"t{Math.Max(0, next - number):000000}",
                        };
                        model.Remove(id);
                        table = table.Without(new(id));
                    }
                }

                Assert.Equal(model, table.Values.Select(task => task.TaskId.Value));
                Assert.All(model, id => Assert.Equal(id, table[new(id)].TaskId.Value));
                Assert.Equal(model.Count, table.Count);
            },
            iter: 20);

    [Fact]
    public void Should_throw_when_two_tasks_have_the_same_id() =>
        Assert.Throws<ArgumentException>(() => TaskTable.Of([Task(1, 0), Task(2, 0), Task(1, 1)]));

    private static void CheckAgainst(SortedDictionary<string, TaskRecord> model, TaskTable table)
    {
        Assert.Equal(model.Values, table.Values);
        Assert.Equal((model.Count, model.Count == 0), (table.Count, table.IsEmpty));
        for (var id = -1; id <= 601; id += 7)
        {
            var known = model.GetValueOrDefault($"t{id}");
            Assert.Same(known, table.GetValueOrDefault(new($"t{id}")));
            Assert.Equal(known is not null, table.TryGetValue(new($"t{id}"), out _));
            Assert.Equal(
                model.Values.SkipWhile(task => string.CompareOrdinal(task.TaskId.Value, $"t{id}") <= 0), table.After(new($"t{id}")));
        }

        Assert.Throws<KeyNotFoundException>(() => table[new("none")]);
    }

    private static TaskRecord Task(int id, int attempt) => Task($"t{id}", attempt);

    private static TaskRecord Task(string id, int attempt) => new()
    {
        Submission = new TaskSubmission { TaskId = new(id), Queue = new("q") },
        Queue = new("q"),
        Attempt = attempt,
    };
}

using System.Globalization;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues.Ready;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Finds what the waiting tasks of a queue need that no available worker offers, and counts the tasks that need it.</summary>
public static class UnmetNeeds
{
    private const int TypesNamed = 3;

    /// <summary>Lists what is missing, with the need of most tasks first; empty if every task can be run.</summary>
    public static ImmutableArray<UnmetNeed> Of(QueueState state, QueueDefinition queue, FleetView fleet)
    {
        var found = new Found();
        foreach (var (kind, tasks) in state.Ready.Kinds)
        {
            if (kind.Queue == queue.Name)
            {
                found.Add(kind, tasks, queue, fleet);
            }
        }

        return found.Entries(queue);
    }

    /// <summary>What one waiting task needs that no available worker offers; null if it is not waiting or a worker can run it.</summary>
    public static string? Of(TaskRecord task, FleetView fleet, QueueSettings settings)
    {
        var (contentType, needs) = (task.Submission.ContentType, task.Submission.ResourceRequirements);
        if (task is not { State: TaskState.Queued, PinnedTo: null }
            || settings.Find(task.Queue) is not { } queue
            || fleet.AnyReady(queue, contentType, needs))
        {
            return null;
        }

        var found = new Found();
        var kind = new ReadyKind(task.Queue, needs.GpuRequired, contentType is not null, contentType);
        found.Add(kind, NeedIndex.Of(needs.MemoryGb, ReadyTask.Of(task)), queue, fleet);
        return found.Entries(queue).FirstOrDefault()?.Need;
    }

    private sealed class Found
    {
        private readonly Amount memory = new();
        private readonly Amount disk = new();
        private readonly HashSet<ProfileCount> unavailable = new(ReferenceEqualityComparer.Instance);
        private int together;
        private int hindered;

        private readonly SortedSet<string> types = new(StringComparer.Ordinal);
        private int unserved;
        private int gpu;
        private int typed;

        public void Add(ReadyKind kind, NeedIndex<ReadyTask> tasks, QueueDefinition queue, FleetView fleet)
        {
            var live = fleet.LiveFor(queue, kind.ContentType, kind.GpuRequired).ToList();
            if (live.Count > 0)
            {
                Add(tasks, live);
            }
            else if (fleet.LiveServing(queue) == 0)
            {
                unserved += tasks.Count;
            }
            else if (kind.GpuRequired && !fleet.LiveFor(queue, contentType: null, gpuRequired: true).Any())
            {
                gpu += tasks.Count;
            }
            else
            {
                types.Add(kind.ContentType!);
                typed += tasks.Count;
            }
        }

        public ImmutableArray<UnmetNeed> Entries(QueueDefinition queue) =>
        [
            .. new UnmetNeed[]
            {
                new() { Need = $"no live worker serves {queue.Name}", Tasks = unserved },
                new() { Need = $"all suitable workers are unavailable ({Obstacles()})", Tasks = hindered },
                new() { Need = "no worker has a GPU", Tasks = gpu },
                new() { Need = $"no worker supports {NamedTypes()}", Tasks = typed },
                new() { Need = $"no worker offers {memory.Words} of memory", Tasks = memory.Tasks },
                new() { Need = $"no worker offers {disk.Words} of disk space", Tasks = disk.Tasks },
                new() { Need = "no worker offers enough memory and disk space together", Tasks = together },
            }.Where(need => need.Tasks > 0).OrderByDescending(need => need.Tasks),
        ];

        private void Add(NeedIndex<ReadyTask> tasks, List<ProfileCount> live)
        {
            var offers = FleetOffers.Of(live.Select(worker => worker.Profile));
            var ready = FleetOffers.Of(live.Where(worker => worker.Ready > 0).Select(worker => worker.Profile));
            var before = hindered;
            foreach (var @class in tasks.Classes)
            {
                Add(@class, offers);
                hindered += Beyond(@class, ready) - Beyond(@class, offers);
            }

            if (hindered > before)
            {
                unavailable.UnionWith(live);
            }
        }

        private static int Beyond(NeedClass<ReadyTask> tasks, FleetOffers offers) =>
            offers.IsEmpty ? tasks.Tree.Count
            : offers.DiskWith(tasks.GreatestNeed) >= tasks.Tree.Greatest ? 0
            : tasks.Parts.Length > 0 ? tasks.Parts.Sum(part => Beyond(part, offers))
            : tasks.Tree.CountAbove(offers.DiskWith(tasks.LeastNeed));

        private string Obstacles() =>
            unavailable.Aggregate(new UnavailableWorkers(), (all, workers) => all.Plus(workers.Unavailable)).InWords();

        private void Add(NeedClass<ReadyTask> tasks, FleetOffers offers)
        {
            if (offers.DiskWith(tasks.GreatestNeed) >= tasks.Tree.Greatest)
            {
                return;
            }

            if (tasks.Parts.Length > 0)
            {
                foreach (var part in tasks.Parts)
                {
                    Add(part, offers);
                }

                return;
            }

            if (tasks.LeastNeed > offers.MostMemoryGb)
            {
                memory.Add(tasks.LeastNeed, tasks.LeastNeed, tasks.Tree.Count);
                return;
            }

            var beyondAll = tasks.Tree.CountAbove(offers.MostDiskGb);
            if (beyondAll > 0)
            {
                disk.Add(tasks.Tree.LeastAbove(offers.MostDiskGb), tasks.Tree.Greatest, beyondAll);
            }

            together += tasks.Tree.CountAbove(offers.DiskWith(tasks.LeastNeed)) - beyondAll;
        }

        private string NamedTypes()
        {
            var named = string.Join(", ", types.Take(TypesNamed).Select(type => $"'{type}'"));
            return types.Count switch
            {
                1 => $"the content type {named}",
                <= TypesNamed => $"the content types {named}",
                _ => $"the content types {named} and {Counted.Of(types.Count - TypesNamed, "other")}",
            };
        }
    }

    private sealed class Amount
    {
        private double least = double.PositiveInfinity;
        private double greatest = double.NegativeInfinity;

        public int Tasks { get; private set; }

        public string Words => string.Create(
            CultureInfo.InvariantCulture, $"{least:0.##} GB{(greatest > least ? $" to {greatest:0.##} GB" : "")}");

        public void Add(double from, double to, int tasks)
        {
            least = Math.Min(least, from);
            greatest = Math.Max(greatest, to);
            Tasks += tasks;
        }
    }
}

using System.Runtime.InteropServices;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Queues;

/// <summary>
/// The workers that found nothing and want to hear when there is something: first come, first woken, and no more of them than there
/// is work for. Only hints are lost with it, so it is not stored. Workers that can take the same tasks wait in one line, so that the
/// cost of a submission does not grow with the number of those that wait.
/// </summary>
internal sealed class WaitingDemand
{
    /// <summary>How many of a line are tried where the first of it cannot have the work (no room, or to be avoided).</summary>
    private const int Tries = 8;

    private readonly Dictionary<string, LinkedList<Interest>> lines = [];
    private readonly Dictionary<WorkerId, Interest> byWorker = [];
    private readonly Dictionary<Lane, int> promised = [];
    private long arrivals;

    public bool IsEmpty => byWorker.Count == 0;

    /// <summary>A worker found nothing.</summary>
    public void Add(GrantLeases request, DateTimeOffset until)
    {
        Remove(request.WorkerId);
        var line = LineOf(request);
        var interest = new Interest(request, until, line, ++arrivals);
        byWorker[request.WorkerId] = interest;
        interest.Node = lines.TryGetValue(line, out var waiting)
            ? waiting.AddLast(interest)
            : (lines[line] = new LinkedList<Interest>()).AddLast(interest);
    }

    /// <summary>A worker asks again, or no longer: its interest is over.</summary>
    public void Remove(WorkerId worker)
    {
        if (byWorker.Remove(worker, out var interest))
        {
            Redeem(interest);
            LeaveLine(interest);
        }
    }

    /// <summary>Forgets interests that are over, and has those that were woken in vain wait again, in their place.</summary>
    public void Expire(DateTimeOffset now, TimeSpan wokenInVainAfter)
    {
        foreach (var interest in byWorker.Values.Where(interest => interest.Until <= now).ToList())
        {
            Remove(interest.Request.WorkerId);
        }

        foreach (var interest in byWorker.Values.Where(interest => interest.WokenAt + wokenInVainAfter <= now).OrderByDescending(interest => interest.Arrival).ToList())
        {
            Redeem(interest);
            interest.WokenAt = null;
            if (!lines.TryGetValue(interest.Line, out var line))
            {
                lines[interest.Line] = line = new LinkedList<Interest>();
            }

            interest.Node = line.AddFirst(interest);
        }
    }

    /// <summary>Wakes one worker if it waits and there is something for it, such as a task pinned to it.</summary>
    public bool WakeOne(WorkerId worker, QueueState state, FleetView fleet, FailoverSettings settings, DateTimeOffset now)
    {
        if (!byWorker.TryGetValue(worker, out var interest) || interest.WokenAt is not null || !Leasing.WouldGrant(state, interest.Request, fleet, settings))
        {
            return false;
        }

        LeaveLine(interest);
        interest.WokenAt = now;
        return true;
    }

    /// <summary>The workers to wake for the work that is there and promised to nobody yet.</summary>
    public List<WorkerId> Wake(QueueState state, FleetView fleet, FailoverSettings settings, DateTimeOffset now)
    {
        var woken = new List<WorkerId>();
        if (lines.Count == 0 || state.Ready.IsEmpty)
        {
            return woken;
        }

        var spare = new Dictionary<Lane, int>();
        foreach (var (lane, waiting) in state.Ready)
        {
            var left = waiting.Count - promised.GetValueOrDefault(lane);
            if (left > 0)
            {
                spare[lane] = left;
            }
        }

        foreach (var line in lines.Values.OrderBy(line => line.First!.Value.Arrival).ToList())
        {
            WakeLine(line, spare, woken, state, fleet, settings, now);
        }

        return woken;
    }

    private void WakeLine(
        LinkedList<Interest> line, Dictionary<Lane, int> spare, List<WorkerId> woken, QueueState state, FleetView fleet, FailoverSettings settings, DateTimeOffset now)
    {
        var tries = Tries;
        for (var node = line.First; node is not null && tries > 0;)
        {
            var next = node.Next;
            var interest = node.Value;
            var lanes = spare.Keys.Where(lane => CanTake(interest.Request, lane, settings)).ToList();
            if (lanes.Count == 0)
            {
                return;
            }

            if (interest.Until > now && Leasing.WouldGrant(state, interest.Request, fleet, settings))
            {
                Promise(interest, lanes, spare);
                LeaveLine(interest);
                interest.WokenAt = now;
                woken.Add(interest.Request.WorkerId);
            }
            else
            {
                tries--;
            }

            node = next;
        }
    }

    private void Promise(Interest interest, List<Lane> lanes, Dictionary<Lane, int> spare)
    {
        var wanted = Math.Max(1, interest.Request.MaxTasks);
        foreach (var lane in lanes)
        {
            var count = Math.Min(wanted, spare[lane]);
            wanted -= count;
            interest.Promises.Add((lane, count));
            CollectionsMarshal.GetValueRefOrAddDefault(promised, lane, out _) += count;
            if ((spare[lane] -= count) == 0)
            {
                spare.Remove(lane);
            }

            if (wanted == 0)
            {
                return;
            }
        }
    }

    private void Redeem(Interest interest)
    {
        foreach (var (lane, count) in interest.Promises)
        {
            if ((promised[lane] -= count) <= 0)
            {
                promised.Remove(lane);
            }
        }

        interest.Promises.Clear();
    }

    private void LeaveLine(Interest interest)
    {
        if (interest.Node is not { List: { } line } node)
        {
            return;
        }

        line.Remove(node);
        if (line.Count == 0)
        {
            lines.Remove(interest.Line);
        }
    }

    private static bool CanTake(GrantLeases request, Lane lane, FailoverSettings settings) =>
        request.Queues.Any(room => room.Queue == lane.Queue)
        && settings.Queues.Find(lane.Queue) is { } queue
        && Eligibility.CanTake(request.Profile, queue, lane.ContentType, lane.Needs);

    private static string LineOf(GrantLeases request)
    {
        var profile = request.Profile;
        return string.Join(
            '|',
            profile.Capability,
            string.Join(',', profile.Queues),
            string.Join(',', profile.ContentTypes),
            profile.GpuCount > 0,
            profile.MemoryGb,
            profile.DiskGb,
            string.Join(',', request.Queues.Select(room => room.Queue)));
    }

    private sealed class Interest(GrantLeases request, DateTimeOffset until, string line, long arrival)
    {
        public GrantLeases Request => request;

        public DateTimeOffset Until => until;

        public string Line => line;

        public long Arrival => arrival;

        public LinkedListNode<Interest>? Node { get; set; }

        public DateTimeOffset? WokenAt { get; set; }

        public List<(Lane Lane, int Count)> Promises { get; } = [];
    }
}

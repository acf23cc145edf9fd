using Morag.Failover.Simulation.Storage;
using Morag.Failover.Simulation.Worlds;

namespace Morag.Failover.Simulation.Faults;

/// <summary>Draws the faults of a simulation.</summary>
internal static class FaultSchedule
{
    private static readonly OperationFate[] StoreFates = [.. Enum.GetValues<OperationFate>().Where(fate => fate != OperationFate.Done)];

    /// <summary>The faults of a seed, in the order of time.</summary>
    public static ImmutableArray<Fault> Draw(ulong seed, int count, TimeSpan duration, int nodes, int workers, double stretch)
    {
        var random = new Random(Seeds.Mix(seed, 2));
        return
        [
            .. Enumerable.Range(0, count)
                .Select(number => DrawOne(number, duration * random.NextDouble(), random, nodes, workers, stretch))
                .OrderBy(fault => fault.At),
        ];
    }

    /// <summary>The random numbers of one fault.</summary>
    public static Random RandomOf(ulong seed, Fault fault) => new(Seeds.Mix(seed, 1000 + fault.Number));

    private static Fault DrawOne(int number, TimeSpan at, Random random, int nodes, int workers, double mostStretch)
    {
        var slot = random.Next(nodes);
        var stretch = Math.Pow(mostStretch, random.NextDouble());
        return random.Next(15) switch
        {
            0 or 1 => new NodeKilled(number, at, slot, Seconds(random, 0.5, 60 * stretch)),
            2 or 3 => new NodeFrozen(number, at, slot, Seconds(random, 1, 60 * stretch)),
            4 or 5 => CutOff(number, at, random, nodes, stretch),
            6 => new ClockJumped(number, at, slot, Seconds(random, 1, 7200) * (random.Next(2) == 0 ? 1 : -1)),
            7 or 8 => new NetworkBad(
                number,
                at,
                OfClients: random.Next(2) == 0,
                Loses: random.NextDouble() * 0.3,
                Duplicates: random.NextDouble() * 0.2,
                Delays: Seconds(random, 0, 4),
                Reorders: random.Next(2) == 0,
                Seconds(random, 5, 120 * stretch)),
            9 or 10 or 11 => new StoreBad(
                number,
                at,
                StoreFates[random.Next(StoreFates.Length)],
                Chance: Math.Pow(random.NextDouble(), 2),
                Delays: Seconds(random, 0, 1),
                Slot: random.Next(2) == 0 ? slot : null,
                Seconds(random, 2, 60 * stretch)),
            12 => new WorkerDied(number, at, random.Next(workers), Seconds(random, 0.5, 300 * stretch)),
            13 => new NodeSlow(number, at, slot, Seconds(random, 5, 120 * stretch)),
            _ => new WorkerCutOff(
                number,
                at,
                random.Next(workers),
                [.. Enumerable.Range(0, nodes).Where(_ => random.Next(2) == 0)],
                Seconds(random, 1, 120 * stretch)),
        };
    }

    private static NodesCutOff CutOff(int number, TimeSpan at, Random random, int nodes, double stretch)
    {
        var size = Math.Max(1, random.Next((nodes + 1) / 2));
        var slots = Enumerable.Range(0, nodes).OrderBy(_ => random.Next()).Take(size).Order().ToImmutableArray();
        var ways = random.Next(3);
        return new(number, at, slots, Seconds(random, 1, 60 * stretch), Incoming: ways != 1, Outgoing: ways != 2);
    }

    private static TimeSpan Seconds(Random random, double least, double most) =>
        TimeSpan.FromSeconds(least + ((most - least) * random.NextDouble()));
}

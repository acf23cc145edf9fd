using System.Globalization;

namespace Morag.Failover.Simulation;

/// <summary>Replays a seed, or searches for one that fails.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["--seed", var seed, .. var rest]:
                return Replay(ulong.Parse(seed, CultureInfo.InvariantCulture), rest);
            case ["--minutes", var minutes]:
                var time = TimeSpan.FromMinutes(double.Parse(minutes, CultureInfo.InvariantCulture));
                return Search(SimulationSearch.For(time), shrinks: true);
            case ["--seeds", var first, var last]:
                return Search(SimulationSearch.Of(Range(first, last)), shrinks: false);
            default:
                Console.Error.WriteLine(
                    "Use --seed SEED [--shrink] [--history [--calls CLIENT]] to replay a simulation, --seeds FIRST LAST to run several, "
                    + "or --minutes MINUTES to search.");
                return 2;
        }
    }

    private static int Replay(ulong seed, string[] options)
    {
        var watched = options.SkipWhile(option => option != "--calls").Skip(1).FirstOrDefault();
        var result = SimulationRun.Of(SimulationPlan.Of(seed) with { Watched = watched });
        if (options.Contains("--shrink") && result.IsBad)
        {
            result = Shrinking.Shrink(result, Console.Error.WriteLine);
        }

        if (options.Contains("--history"))
        {
            foreach (var happening in result.History)
            {
                Console.Out.WriteLine(happening);
            }
        }

        Console.Out.WriteLine(result.Report());
        return result.IsBad ? 1 : 0;
    }

    private static IEnumerable<ulong> Range(string first, string last)
    {
        var end = ulong.Parse(last, CultureInfo.InvariantCulture);
        for (var seed = ulong.Parse(first, CultureInfo.InvariantCulture); seed <= end; seed++)
        {
            yield return seed;
        }
    }

    private static int Search(SimulationSearch search, bool shrinks)
    {
        var bad = 0;
        foreach (var result in search.Run().Where(each => each.IsBad))
        {
            bad++;
            Console.Out.WriteLine((shrinks && bad == 1 ? Shrinking.Shrink(result, Console.Error.WriteLine) : result).Report());
        }

        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{search}, {bad} bad"));
        return bad == 0 ? 0 : 1;
    }
}

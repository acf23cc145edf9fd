using System.Globalization;

namespace Morag.Failover.Chaos;

/// <summary>Carries out a plan of faults on real processes.</summary>
internal static class Program
{
    private const string Usage =
        "Use --seed SEED [--nodes NODES] [--agents AGENTS] [--minutes MINUTES] [--freeze SECONDS]; without --seed, a fresh one is drawn.";

    private static async Task<int> Main(string[] arguments)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var at = 0; at < arguments.Length; at += 2)
        {
            if (at + 1 == arguments.Length || !ChaosPlan.Options.Contains(arguments[at]))
            {
                await Console.Error.WriteLineAsync(Usage);
                return 2;
            }

            options[arguments[at]] = arguments[at + 1];
        }

        var plan = ChaosPlan.Read(options);
        await Console.Error.WriteLineAsync(plan.ToString());
        var folder = Directory.CreateTempSubdirectory("morag-chaos-");
        var result = await ChaosRun.OfAsync(plan, folder.FullName);
        if (result.IsBad)
        {
            var history = Path.Combine(folder.FullName, "history.txt");
            await File.WriteAllLinesAsync(history, result.History.Select(happening => happening.ToString()));
            await Console.Out.WriteLineAsync(result.Report());
            await Console.Out.WriteLineAsync($"The history is in {history}");
            return 1;
        }

        folder.Delete(recursive: true);
        await Console.Out.WriteLineAsync(result.Summary.ToString(CultureInfo.InvariantCulture));
        return 0;
    }
}

using System.Globalization;

namespace Morag.Failover.Chaos;

/// <summary>Carries out a plan of faults on real processes.</summary>
internal static class Program
{
    private const int Held = 0;
    private const int Broken = 1;
    private const int WrongOptions = 2;
    private const int NotPossibleHere = 3;

    private static async Task<int> Main(string[] arguments)
    {
        var (settings, showsOnly, mistake) = ChaosOptions.Read(arguments);
        if (settings is null)
        {
            await Console.Error.WriteLineAsync($"{mistake}\n\n{ChaosOptions.Usage}");
            return WrongOptions;
        }

        var plan = Machine.LeaveOutWhatCannotBeDone(ChaosPlan.Of(settings), Console.Error.WriteLine);
        await Console.Error.WriteLineAsync(plan.ToString());
        if (showsOnly)
        {
            return Held;
        }

        if (plan.Faults.Count == 0)
        {
            await Console.Error.WriteLineAsync("This machine cannot make any of these faults");
            return NotPossibleHere;
        }

        var folder = Directory.CreateTempSubdirectory("morag-chaos-");
        var result = await ChaosRun.OfAsync(plan, folder.FullName, Console.Error.WriteLine);
        if (result.IsBad)
        {
            var history = Path.Combine(folder.FullName, "history.txt");
            await File.WriteAllLinesAsync(history, result.History.Select(happening => happening.ToString()));
            await Console.Out.WriteLineAsync(result.Report());
            await Console.Out.WriteLineAsync($"The history is in {history}");
            return Broken;
        }

        folder.Delete(recursive: true);
        await Console.Out.WriteLineAsync(result.Summary.ToString(CultureInfo.InvariantCulture));
        return Held;
    }
}

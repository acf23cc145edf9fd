namespace Morag.Benchmarks.Reporting;

/// <summary>A program of scenarios.</summary>
public static class ScenarioProgram
{
    /// <summary>Runs the scenarios that are named, or all, one after the other; each prints one line of JSON.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] names, params IScenario[] all)
    {
        if (names.Except(all.Select(scenario => scenario.Name)).Any())
        {
            await Console.Error.WriteLineAsync($"usage: {AppDomain.CurrentDomain.FriendlyName} [{string.Join("] [", all.Select(scenario => scenario.Name))}]");
            return 2;
        }

        foreach (var scenario in all.Where(scenario => names.Length == 0 || names.Contains(scenario.Name)))
        {
            await Console.Out.WriteLineAsync((await Measurement.TakeAsync(scenario)).ToJson());
        }

        return 0;
    }
}

namespace Morag.Benchmarks.Reporting;

/// <summary>A program that runs scenarios by name.</summary>
public static class ScenarioProgram
{
    /// <summary>Runs the named scenarios, or all of them, one after another. Each prints one line of JSON.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] names, params IScenario[] all)
    {
        if (names.Except(all.Select(scenario => scenario.Name)).Any())
        {
            var known = string.Join("] [", all.Select(scenario => scenario.Name));
            await Console.Error.WriteLineAsync($"usage: {AppDomain.CurrentDomain.FriendlyName} [{known}]");
            return 2;
        }

        foreach (var scenario in all.Where(scenario => names.Length == 0 || names.Contains(scenario.Name)))
        {
            await Console.Out.WriteLineAsync((await Measurement.TakeAsync(scenario)).ToJson());
        }

        return 0;
    }
}

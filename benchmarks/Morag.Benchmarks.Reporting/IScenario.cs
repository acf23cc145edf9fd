namespace Morag.Benchmarks.Reporting;

/// <summary>A benchmark that starts its own processes.</summary>
public interface IScenario
{
    /// <summary>The name on the command line.</summary>
    string Name { get; }

    /// <summary>Runs the benchmark and adds its figures, including the raw speed of the Redis it used.</summary>
    Task MeasureAsync(Measurement measurement);
}

namespace Morag.Benchmarks.Reporting;

/// <summary>One thing that is measured, on real processes of its own.</summary>
public interface IScenario
{
    /// <summary>Its name on the command line.</summary>
    string Name { get; }

    /// <summary>Measures, and hands over what it found; also the raw speed of the Redis that it used.</summary>
    Task MeasureAsync(Measurement measurement);
}

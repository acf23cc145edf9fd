using System.Globalization;
using Xunit;

namespace Morag.Failover.Simulation.Specs;

/// <summary>A search with fresh seeds. It runs only if MORAG_SIMULATION_SECONDS says for how long.</summary>
internal sealed class SearchFactAttribute : FactAttribute
{
    private const string Variable = "MORAG_SIMULATION_SECONDS";

    public SearchFactAttribute()
    {
        if (Time is null)
        {
            Skip = $"Set {Variable} to search for broken rules with fresh seeds for that time.";
        }
    }

    /// <summary>How long to search; null for not at all.</summary>
    public static TimeSpan? Time { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } set
        ? TimeSpan.FromSeconds(double.Parse(set, CultureInfo.InvariantCulture))
        : null;
}

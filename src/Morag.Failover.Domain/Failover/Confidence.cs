using System.Globalization;
using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Failover;

/// <summary>
/// How well the evidence supports a choice, from 0 to 1. It is the mean of two lower bounds: one for this case, and one for how well the
/// strategy has worked against this type of failure. Each lower bound is the mean of the Beta(1 + for, 1 + against) posterior minus its
/// standard deviation. It is 0.21 without observations, and approaches the true share as they grow. Tasks that still wait or run are not
/// counted.
/// </summary>
/// <remarks>
/// Source: the conjugate posterior of a Bernoulli rate under the uniform prior (Laplace's rule of succession), see Gelman et al.,
/// <i>Bayesian Data Analysis</i>, section 2.4. docs/decisions.md lists the evidence for and against each strategy.
/// </remarks>
internal static class Confidence
{
    /// <summary>The confidence in a choice, and the evidence by name.</summary>
    public static (double Value, ImmutableSortedDictionary<string, string> Evidence) In(FailoverStrategy strategy, FailureCase failure)
    {
        var here = FailoverStrategies.Of(strategy).Evidence(failure);
        var record = failure.Records.Of(failure.Type, strategy);
        var inThisCase = LowerBound(here.For, here.Against);
        var byExperience = LowerBound(record.Held, record.FailedAgain);
        var evidence = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        evidence["about"] = here.About;
        evidence["for"] = Text(here.For);
        evidence["against"] = Text(here.Against);
        evidence["lower_bound_here"] = Text(inThisCase);
        evidence["strategy_tried"] = Text(record.Tried);
        evidence["strategy_held"] = Text(record.Held);
        evidence["strategy_failed_again"] = Text(record.FailedAgain);
        evidence["lower_bound_experience"] = Text(byExperience);
        return ((inThisCase + byExperience) / 2, evidence.ToImmutable());
    }

    /// <summary>The mean of Beta(1 + for, 1 + against) minus its standard deviation.</summary>
    internal static double LowerBound(long forIt, long against)
    {
        double alpha = Math.Max(0, forIt) + 1, beta = Math.Max(0, against) + 1, total = alpha + beta;
        var mean = alpha / total;
        var deviation = Math.Sqrt(alpha * beta / (total * total * (total + 1)));
        return Math.Clamp(mean - deviation, 0, 1);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}

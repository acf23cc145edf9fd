using System.Globalization;
using System.Text.RegularExpressions;
using Morag.Failover.Contracts.Failover;
using static Morag.Failover.Domain.Tests.Failover.Cases;

namespace Morag.Failover.Domain.Tests.Failover;

/// <summary>The tables of docs/decisions.md say what the code decides.</summary>
public sealed class DecisionsDocumentSpecs
{
    private static readonly string Page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "decisions.md"));

    [Fact]
    public void Should_list_every_rule_with_its_strategy_when_a_rule_chooses_for_any_case()
    {
        var chosen =
            from type in Enum.GetValues<FailureType>()
            from consecutive in new[] { 1, 3 }
            from isBreakerOpen in new[] { false, true }
            from isDegradationOn in new[] { false, true }
            from isUnserved in new[] { false, true }
            let known = Of(type, worker: Standing(consecutive: consecutive, open: isBreakerOpen))
            from failure in new[] { known, known.WithoutWorker() }
            let settings = Defaults with { Policy = Defaults.Policy with { QualityDegradation = isDegradationOn } }
            let decision = (failure with { Unserved = isUnserved }).Decide(settings).Decision
            let strategy = decision.DecisionMetadata.Guards is [var first, ..] ? first.Overruled : decision.SelectedAction.Strategy
            select $"{decision.DecisionMetadata.Rule}: {WireName.Of(strategy)}";

        var section = Regex.Match(Page, "^## The base rule\n(.*?)^## ", RegexOptions.Multiline | RegexOptions.Singleline).Value;
        var listed = Regex.Matches(section, @"^\| `([a-z_.]+)` \|.*\| `([a-z_]+)`[^|]*\|$", RegexOptions.Multiline)
            .Select(match => $"{match.Groups[1].Value}: {match.Groups[2].Value}");

        Assert.Equal(chosen.Distinct().Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Should_give_the_numbers_of_the_formula_when_a_row_shows_a_confidence()
    {
        var rows = Regex.Matches(Page, @"^\| (\d+) \| (\d+) \| (0\.\d\d) \| (0\.\d\d) \|$", RegexOptions.Multiline);

        Assert.NotEmpty(rows);
        Assert.All(rows, row =>
        {
            var worker = Standing(successes: Number(row, 1), failures: Number(row, 2));
            var decision = Of(FailureType.NetworkFailure, worker: worker).Decide().Decision;
            var lowerBound = double.Parse(decision.DecisionMetadata.Evidence["lower_bound_here"], CultureInfo.InvariantCulture);

            Assert.Equal(row.Groups[3].Value, lowerBound.ToString("0.00", CultureInfo.InvariantCulture));
            Assert.Equal(row.Groups[4].Value, decision.Confidence.ToString("0.00", CultureInfo.InvariantCulture));
        });
    }

    private static int Number(Match row, int group) => int.Parse(row.Groups[group].Value, CultureInfo.InvariantCulture);
}

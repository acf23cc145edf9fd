using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Node.Http.Dashboard;

namespace Morag.Failover.Node.Tests.Http.Dashboard;

/// <summary>
/// The form in which operators change the thresholds of alerts has a field for each, with the range that its owner accepts.
/// </summary>
public sealed class AlertThresholdFormSpecs
{
    [Fact]
    public void Should_have_a_field_for_every_threshold() =>
        Assert.Equal(Enum.GetValues<AlertThreshold>(), AlertSettingsModel.Fields.Select(field => field.Threshold).Order());

    [Fact]
    public void Should_allow_in_each_field_what_the_owner_of_alerts_accepts() => Assert.All(AlertSettingsModel.Fields, field =>
    {
        Assert.Equal([field.Threshold], With(field, field.Min).Given.AsEnumerable());
        Assert.Null(With(field, field.Min).BrokenRule());
        Assert.Null(With(field, field.Max).BrokenRule());
        Assert.Equal(field.Field, With(field, field.Min - 1).BrokenRule()?.Field);
        Assert.Equal(field.Field, With(field, field.Max + 1).BrokenRule()?.Field);
    });

    [Fact]
    public void Should_pass_every_field_on()
    {
        var context = new DefaultHttpContext();
        context.Request.Form = new FormCollection(
            AlertSettingsModel.Fields.ToDictionary(field => field.Field, field => new StringValues(ThresholdField.Plain(field.Max))));

        var request = JsonSerializer.SerializeToElement(AlertPages.RequestOf(context), ContractsJson.Options);

        Assert.All(AlertSettingsModel.Fields, field => Assert.Equal(field.Max, request.GetProperty(field.Field).GetDouble()));
    }

    private static AlertThresholds With(ThresholdField field, double value) => JsonSerializer.Deserialize<AlertThresholds>(
        JsonSerializer.Serialize(new Dictionary<string, double> { [field.Field] = value }), ContractsJson.Options)!;
}

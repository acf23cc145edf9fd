using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Node.Http.OpenApi;

/// <summary>
/// The schemas of types with custom converters, which the schema exporter cannot inspect, and which fields are always there: in answers
/// all but those that are left out when they are absent, in requests those marked as required.
/// </summary>
internal sealed class WireSchemas : IOpenApiSchemaTransformer
{
    public Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var declared = context.JsonTypeInfo.Type;
        var type = Nullable.GetUnderlyingType(declared) ?? declared;
        var orNull = type == declared ? default : JsonSchemaType.Null;
        if (type.IsAssignableTo(typeof(IFormattable)) && type.IsEnum && type != typeof(TaskPriority))
        {
            schema.Type = JsonSchemaType.String | orNull;
            schema.Enum = [.. Enum.GetNames(type).Select(name => (JsonNode)JsonNamingPolicy.SnakeCaseLower.ConvertName(name))];
        }
        else if (type == typeof(TaskPriority))
        {
            schema.Type = JsonSchemaType.Integer | orNull;
            schema.Enum = [.. Enum.GetValues<TaskPriority>().Select(priority => (JsonNode)(int)priority)];
        }
        else if (IsId(type))
        {
            schema.Type = JsonSchemaType.String | orNull;
            schema.MaxLength = Identifier.MaxLength;
            schema.Description ??= Identifier.Rule;
        }
        else if (type == typeof(LeaseEpoch))
        {
            schema.Type = JsonSchemaType.Integer | orNull;
            schema.Minimum = "0";
        }
        else if (type == typeof(DateTimeOffset))
        {
            schema.Type = JsonSchemaType.String | orNull;
            schema.Format = "date-time";
        }
        else if (type == typeof(JsonText))
        {
            schema.Description ??= "any JSON";
        }
        else if (Scalars.TryGetValue(type, out var scalar))
        {
            schema.Type = scalar | (schema.Type & JsonSchemaType.Null ?? orNull);
            schema.Pattern = null;
        }
        else if (context.JsonTypeInfo.Kind == JsonTypeInfoKind.Object)
        {
            Require(schema, context.JsonTypeInfo);
        }

        return Task.CompletedTask;
    }

    private static readonly Dictionary<Type, JsonSchemaType> Scalars = new()
    {
        [typeof(string)] = JsonSchemaType.String,
        [typeof(bool)] = JsonSchemaType.Boolean,
        [typeof(int)] = JsonSchemaType.Integer,
        [typeof(long)] = JsonSchemaType.Integer,
        [typeof(double)] = JsonSchemaType.Number,
    };

    private static void Require(OpenApiSchema schema, JsonTypeInfo type)
    {
        var isRequest = type.Type.Name.EndsWith("Request", StringComparison.Ordinal);
        var required = type.Properties.Where(field => isRequest
            ? field.AttributeProvider?.IsDefined(typeof(RequiredAttribute), inherit: true) is true
            : field is { Get: not null, ShouldSerialize: null });
        schema.Required = required.Select(field => field.Name).ToHashSet(StringComparer.Ordinal);
    }

    private static bool IsId(Type type) => Array.Exists(
        type.GetInterfaces(), face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(ITextId<>));
}

namespace Morag.Failover.Client.Tests;

/// <summary>Who uses HTTP only gets neither Akka.NET nor ASP.NET Core.</summary>
public sealed class LayerSpecs
{
    [Fact]
    public void Should_reference_the_contracts_and_nothing_heavier()
    {
        var referenced = typeof(IMoragClient).Assembly.GetReferencedAssemblies().Select(reference => reference.Name!).ToList();

        Assert.Equal(["Morag.Failover.Contracts"], referenced.Where(name => name.StartsWith("Morag.", StringComparison.Ordinal)));
        Assert.DoesNotContain(referenced, name => name.StartsWith("Akka", StringComparison.Ordinal));
        Assert.DoesNotContain(referenced, name => name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
    }
}

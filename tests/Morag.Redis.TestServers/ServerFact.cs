using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Morag.Redis.TestServers;

/// <summary>
/// A fact of an abstract test class that runs on each kind of <see cref="RedisTestServer"/>. If the fixture is a
/// <see cref="RedisServer"/>, <see cref="RedisCluster"/> or <see cref="RedisSentinels"/> and the machine has no redis-server, it is
/// skipped, or fails if CI=true.
/// </summary>
[XunitTestCaseDiscoverer("Morag.Redis.TestServers.ServerFactDiscoverer", "Morag.Redis.TestServers")]
public sealed class ServerFactAttribute : FactAttribute;

/// <summary>A theory with the rules of <see cref="ServerFactAttribute"/>.</summary>
[XunitTestCaseDiscoverer("Morag.Redis.TestServers.ServerTheoryDiscoverer", "Morag.Redis.TestServers")]
public sealed class ServerTheoryAttribute : TheoryAttribute;

public sealed class ServerFactDiscoverer(IMessageSink diagnostics) : FactDiscoverer(diagnostics)
{
    protected override IXunitTestCase CreateTestCase(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        SkippedTestCase.IsNeededFor(testMethod)
            ? new SkippedTestCase(DiagnosticMessageSink, discoveryOptions, testMethod)
            : base.CreateTestCase(discoveryOptions, testMethod, factAttribute);
}

public sealed class ServerTheoryDiscoverer(IMessageSink diagnostics) : TheoryDiscoverer(diagnostics)
{
    public override IEnumerable<IXunitTestCase> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute) =>
        SkippedTestCase.IsNeededFor(testMethod)
            ? [new SkippedTestCase(DiagnosticMessageSink, discoveryOptions, testMethod)]
            : base.Discover(discoveryOptions, testMethod, theoryAttribute);
}

/// <summary>Represents a test that this machine cannot run in the test report.</summary>
public sealed class SkippedTestCase : XunitTestCase
{
    [Obsolete("Called by xunit when it deserializes a test case")]
    public SkippedTestCase()
    {
    }

    public SkippedTestCase(IMessageSink diagnostics, ITestFrameworkDiscoveryOptions options, ITestMethod testMethod)
        : base(diagnostics, options.MethodDisplayOrDefault(), options.MethodDisplayOptionsOrDefault(), testMethod)
    {
    }

    private static readonly Type[] RedisServers =
        [typeof(IClassFixture<RedisServer>), typeof(IClassFixture<RedisCluster>), typeof(IClassFixture<RedisSentinels>)];

    internal static bool IsNeededFor(ITestMethod testMethod) =>
        RedisServer.SkipReason is not null
        && testMethod.TestClass.Class.Interfaces.Any(fixture => RedisServers.Contains(fixture.ToRuntimeType()));

    protected override string? GetSkipReason(IAttributeInfo factAttribute) => RedisServer.SkipReason;
}

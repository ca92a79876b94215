"""The fields of every PSA record the sandbox serves, one token a field: `name:type` with marks.

Types: `i` integer, `n` number, `b` boolean, `d` date-time, `s50` text of at most 50 characters, `o` object of texts,
`r=X` a reference to X, `a=X` a list, `e=A|B` one of, `v` any value.
Marks: `?` may be null, `!` required, `^` required on updates.
Names, lengths and choices are those of PSA edition 2026.4.
"""

from __future__ import annotations

# A choice that would not fit a line, by the name that stands for it.
CHOICES: dict[str, str] = {
    "applicationCycle": (
        "Contract2Weeks|Contract4Weeks|ContractYear|CalendarMonth|CalendarQuarter|CalendarWeek|ContractQuarter"
        "|CalendarYear"
    ),
    "customFieldType": (
        "TextArea|Button|Currency|Date|Hyperlink|IPAddress|Checkbox|Number|Percent|PhoneNumber|Text|Password"
    ),
}

FIELDS: dict[str, str] = {
    "company": """
        id:i identifier:s156! name:s156! status:r=CompanyStatus addressLine1:s50 addressLine2:s50 city:s50 state:s50
        zip:s12 country:r=Country phoneNumber:s30 faxNumber:s30 website:s255 territory:r=SystemLocation
        market:r=MarketDescription accountNumber:s defaultContact:r=Contact dateAcquired:d sicCode:r=SicCode
        parentCompany:r=Company annualRevenue:n? creditLimit:n? additionalDebt:n? numberOfEmployees:i?
        yearEstablished:i? revenueYear:i? ownershipType:r=OwnershipType timeZoneSetup:r=TimeZoneSetup leadSource:s50
        leadFlag:b? unsubscribeFlag:b? calendar:r=Calendar userDefinedField1:s50 userDefinedField2:s50
        userDefinedField3:s50 userDefinedField4:s50 userDefinedField5:s50 userDefinedField6:s50
        userDefinedField7:s50 userDefinedField8:s50 userDefinedField9:s50 userDefinedField10:s50 vendorIdentifier:s
        taxIdentifier:s taxCode:r=TaxCode billingTerms:r=BillingTerms invoiceTemplate:r=InvoiceTemplate
        pricingSchedule:r=PricingSchedule companyEntityType:r=EntityType billToCompany:r=Company billingSite:r=Site
        billingContact:r=Contact invoiceDeliveryMethod:r=BillingDelivery emailTemplate:r=EmailTemplate
        invoiceToEmailAddress:s invoiceCCEmailAddress:s deletedFlag:b? dateDeleted:d deletedBy:s mobileGuid:s?
        facebookUrl:s twitterUrl:s linkedInUrl:s currency:r=Currency territoryManager:r=Member resellerIdentifier:s
        isVendorFlag:b? types:a=CompanyType site:r=Site integratorTags:a=s _info:o customFields:a=CustomFieldValue
    """,
    "companyStatus": """
        id:i name:s50! defaultFlag:b? inactiveFlag:b? notifyFlag:b? disallowSavingFlag:b? notificationMessage:s500
        customNoteFlag:b? cancelOpenTracksFlag:b? track:r=Track _info:o connectWiseId:s
    """,
    "companyType": """
        id:i name:s50! defaultFlag:b? vendorFlag:b? serviceAlertFlag:b? serviceAlertMessage:s150 _info:o
        connectWiseId:s
    """,
    "companySite": """
        id:i name:s156! addressLine1:s50 addressLine2:s50 city:s50 stateReference:r=State zip:s12 country:r=Country
        addressFormat:s phoneNumber:s30 phoneNumberExt:s30 faxNumber:s30 taxCode:r=TaxCode entityType:r=EntityType
        expenseReimbursement:n? primaryAddressFlag:b? defaultShippingFlag:b? defaultBillingFlag:b?
        defaultMailingFlag:b? inactiveFlag:b? billSeparateFlag:b? mobileGuid:s? calendar:r=Calendar
        timeZone:r=TimeZoneSetup company:r=Company _info:o territory:r=SystemLocation
        invoiceTemplate:r=InvoiceTemplate customFields:a=CustomFieldValue
    """,
    "managementSummaryReport": """
        id:i managementSolution:r=ManagementSolution groupIdentifier:s100!
        deviceType:e=WorkstationsAndServers|BackupStats|Servers|Workstations? agreement:r=Agreement snmpMachines:i?
        totalWorkstations:i? totalServers:i? totalWindowsServers:i? totalWindowsWorkstations:i?
        totalManagedMachines:i? serversOffline:i? serversDiskSpaceLow:i? failedBackupJobs:i? totalNotifications:i?
        successfulBackupJobs:i? serverAvailability:i? virusesRemoved:i? spywareItemsRemoved:i?
        windowsPatchesInstalled:i? diskCleanups:i? diskDefragmentations:i? fullyPatchedMachines:i?
        missingOneTwoPatchesMachines:i? missingThreeFivePatchesMachines:i? missingMoreFivePatchesMachines:i?
        missingUnscannedPatchesMachines:i? alertsGenerated:s internetConnectivity:n? diskSpaceCleanedMb:i?
        missingSecurityPatches:s cpuUtilization:n? memoryUtilization:n? company:r=Company _info:o
    """,
    "contact": """
        id:i firstName:s lastName:s company:r=Company site:r=Site addressLine1:s addressLine2:s city:s state:s zip:s
        country:r=Country relationship:r=Relationship relationshipOverride:s department:r=ContactDepartment
        inactiveFlag:b? defaultMergeContactId:i? securityIdentifier:s managerContact:r=Contact
        assistantContact:r=Contact title:s school:s nickName:s marriedFlag:b? childrenFlag:b? children:s
        significantOther:s portalPassword:s portalSecurityLevel:i? disablePortalLoginFlag:b? unsubscribeFlag:b?
        gender:e=Female|Male? birthDay:s anniversary:s presence:e=NoAgent|Online|DoNotDisturb|Away|Offline?
        mobileGuid:s? facebookUrl:s twitterUrl:s linkedInUrl:s defaultPhoneType:s defaultPhoneNbr:s
        defaultPhoneExtension:s defaultBillingFlag:b? defaultFlag:b? userDefinedField1:s50 userDefinedField2:s50
        userDefinedField3:s50 userDefinedField4:s50 userDefinedField5:s50 userDefinedField6:s50
        userDefinedField7:s50 userDefinedField8:s50 userDefinedField9:s50 userDefinedField10:s50
        companyLocation:r=SystemLocation communicationItems:a=ContactCommunicationItem types:a=ContactType
        integratorTags:a=s customFields:a=CustomFieldValue photo:r=Document ignoreDuplicates:b _info:o typeIds:a=i
    """,
    "country": """
        id:i name:s50! defaultFlag:b? currency:r=Currency! cityCaption:s25 stateCaption:s25 zipCaption:s25
        zipMinimumLength:i? dialingPrefix:s5 addressFormat:r=AddressFormat countryCode:s2 coreEntityCountryCode:e=*?
        localizationCaptionOne:s25 localizationValueOne:s50 connectWiseId:s disabled:b _info:o
    """,
    "agreement": """
        id:i name:s100! type:r=AgreementType! company:r=Company! contact:r=Contact! site:r=Site
        subContractCompany:r=Company subContractContact:r=Contact parentAgreement:r=Agreement customerPO:s50
        location:r=SystemLocation department:r=SystemDepartment restrictLocationFlag:b? restrictDepartmentFlag:b?
        startDate:d endDate:d noEndingDateFlag:b? opportunity:r=Opportunity cancelledFlag:b? dateCancelled:d
        reasonCancelled:s100 sla:r=SLA workOrder:s20 internalNotes:s applicationUnits:e=Amount|Hours|Incidents?
        applicationLimit:n?
        applicationCycle:e=applicationCycle?
        applicationUnlimitedFlag:b? oneTimeFlag:b? coverAgreementTime:b? coverAgreementProduct:b?
        coverAgreementExpense:b? coverSalesTax:b? carryOverUnused:b? allowOverruns:b? expiredDays:i? limit:i?
        expireWhenZero:b? chargeToFirm:b? employeeCompRate:e=Actual|Hourly?^
        employeeCompNotExceed:e=Billing|Amount|Percent? compHourlyRate:n? compLimitAmount:n?
        billingCycle:r=BillingCycle billOneTimeFlag:b? billingTerms:r=BillingTerms
        invoicingCycle:e=ContractYear|CalendarYear?^ billToCompany:r=Company billToContact:r=Contact
        billToSite:r=Site billAmount:n? taxable:b? prorateFirstBill:n? billStartDate:d taxCode:r=TaxCode
        restrictDownPayment:b? prorateFlag:b? invoiceProratedAdditionsFlag:b? invoiceDescription:s topComment:b?
        bottomComment:b? workRole:r=WorkRole workType:r=WorkType projectType:r=ProjectType
        invoiceTemplate:r=InvoiceTemplate billTime:e=Billable|DoNotBill|NoCharge|NoDefault?^
        billExpenses:e=Billable|DoNotBill|NoCharge|NoDefault?^
        billProducts:e=Billable|DoNotBill|NoCharge|NoDefault?^ billableTimeInvoice:b? billableExpenseInvoice:b?
        billableProductInvoice:b? currency:r=Currency periodType:e=Current|Future|Both|Undefined? autoInvoiceFlag:b?
        billZeroAmountFlag:b? nextInvoiceDate:s companyLocation:r=SystemLocation shipToCompany:r=Company
        shipToContact:r=Contact shipToSite:r=Site agreementStatus:e=Active|Cancelled|Expired|Inactive? _info:o
        customFields:a=CustomFieldValue
    """,
    "agreementType": """
        id:i name:s50! prefixSuffixOption:e=Prefix|Suffix? defaultFlag:b? inactiveFlag:b? prePaymentFlag:b?
        invoicePreSuffix:s5 location:r=SystemLocation department:r=SystemDepartment restrictLocationFlag:b?
        restrictDepartmentFlag:b? sla:r=SLA applicationUnits:e=Amount|Hours|Incidents? applicationLimit:n?
        applicationCycle:e=applicationCycle?
        applicationUnlimitedFlag:b? oneTimeFlag:b? coverAgreementTimeFlag:b? coverAgreementProductFlag:b?
        coverAgreementExpenseFlag:b? coverSalesTaxFlag:b? carryOverUnusedFlag:b? allowOverrunsFlag:b? expiredDays:i?
        limit:i? expireWhenZero:b? chargeToFirmFlag:b? employeeCompRate:e=Actual|Hourly?!
        employeeCompNotExceed:e=Billing|Amount|Percent?! compHourlyRate:n? compLimitAmount:n?
        billingCycle:r=BillingCycle billOneTimeFlag:b? billingTerms:r=BillingTerms
        invoicingCycle:e=ContractYear|CalendarYear?! billAmount:n? taxableFlag:b? restrictDownPaymentFlag:b?
        invoiceDescription:s4000 topCommentFlag:b? bottomCommentFlag:b? workRole:r=WorkRole workType:r=WorkType
        projectType:r=ProjectType invoiceTemplate:r=InvoiceTemplate
        billTime:e=Billable|DoNotBill|NoCharge|NoDefault?! billExpenses:e=Billable|DoNotBill|NoCharge|NoDefault?!
        billProducts:e=Billable|DoNotBill|NoCharge|NoDefault?! billableTimeInvoiceFlag:b?
        billableExpenseInvoiceFlag:b? billableProductInvoiceFlag:b? copyWorkRolesFlag:b? copyWorkTypesFlag:b?
        exclusionWorkRoleIds:a=i addAllWorkRoleExclusions:b? removeAllWorkRoleExclusions:b? exclusionWorkTypeIds:a=i
        addAllWorkTypeExclusions:b? removeAllWorkTypeExclusions:b? integrationXRef:s50 prorateFlag:b?
        emailTemplate:r=EmailTemplate autoInvoiceFlag:b? billZeroAmountFlag:b? invoiceProratedAdditionsFlag:b?
        _info:o connectWiseId:s
    """,
    "agreementRecap": """
        id:i adjustmentAmount:n agreementStatus:s name:s availableAmount:n companyName:s isUnlimited:s
        lastInvoiceAmount:s lastInvoiceDate:s lastInvoiceNumber:s nextInvoiceAmount:n nextInvoiceDate:s
        overrunAmount:n remainingAmount:n startingAmount:n unbilledOverageAmount:n unbilledPeriods:i usedAmount:n
    """,
    "addition": """
        id:i product:r=IvItem! quantity:n? lessIncluded:n? unitPrice:n? unitCost:n?
        billCustomer:e=Billable|DoNotBill|NoCharge?! effectiveDate:d cancelledDate:d taxableFlag:b? serialNumber:s50
        invoiceDescription:s6000 purchaseItemFlag:b? specialOrderFlag:b? agreementId:i? description:s
        billedQuantity:n? uom:s extPrice:n? extCost:n? sequenceNumber:n? margin:n? prorateCost:n? proratePrice:n?
        extendedProrateCost:n? extendedProratePrice:n? prorateCurrentPeriodFlag:b? opportunity:r=Opportunity
        agreementStatus:e=Active|Cancelled|Expired|Inactive? invoiceGrouping:r=InvoiceGrouping _info:o
        customFields:a=CustomFieldValue
    """,
    "billingCycle": """
        id:i identifier:s5! name:s50! defaultFlag:b
        billingOptions:e=BiMonthly|BiWeekly|Monthly|NotRecurring|Quarterly|SemiAnnual|Weekly|Yearly?!
        connectWiseId:s _info:o
    """,
    "currency": """
        id:i currencyIdentifier:s10! name:s50! symbol:s10 displayIdFlag:b? displaySymbolFlag:b?
        currencyCode:r=CurrencyCode thousandsSeparator:s1 decimalSeparator:s1 negativeParenthesesFlag:b?
        rightAlign:b? numberOfDecimals:i? reportFormat:s connectWiseId:s _info:o
    """,
    "invoice": """
        id:i invoiceNumber:s15^
        type:e=Agreement|CreditMemo|DownPayment|Miscellaneous|Progress|Standard|Consolidated?!
        status:r=BillingStatus company:r=Company! billToCompany:r=Company shipToCompany:r=Company accountNumber:s
        applyToType:e=All|Agreement|Project|ProjectPhase|SalesOrder|Ticket? applyToId:i? attention:s60
        shipToAttention:s60 billingSite:r=Site billingSiteAddressLine1:s billingSiteAddressLine2:s billingSiteCity:s
        billingSiteState:s billingSiteZip:s billingSiteCountry:s shippingSite:r=Site shippingSiteAddressLine1:s
        shippingSiteAddressLine2:s shippingSiteCity:s shippingSiteState:s shippingSiteZip:s shippingSiteCountry:s
        billingTerms:r=BillingTerms reference:s50 customerPO:s50 templateSetupId:i?
        invoiceTemplate:r=InvoiceTemplateDetail emailTemplateId:i? addToBatchEmailList:b? date:d
        restrictDownpaymentFlag:b? locationId:i?^ location:r=SystemLocation departmentId:i? department:r=BillingUnit
        territoryId:i? territory:r=SystemLocation topComment:s bottomComment:s taxableFlag:b? taxCode:r=TaxCode
        internalNotes:s downpaymentPreviouslyTaxedFlag:b? serviceTotal:n? overrideDownPaymentAmountFlag:b?
        currency:r=Currency dueDate:d expenseTotal:n? productTotal:n? previousProgressApplied:n?
        serviceAdjustmentAmount:n? agreementAmount:n? downpaymentApplied:n? subtotal:n? total:n?
        remainingDownpayment:n? salesTax:n? adjustmentReason:s adjustedBy:s closedBy:s payments:n? credits:n?
        balance:n? specialInvoiceFlag:b? billingSetupReference:r=BillingSetup ticket:r=Ticket project:r=Project
        phase:r=ProjectPhase salesOrder:r=SalesOrder agreement:r=Agreement glBatch:r=Batch unbatchedBatch:r=Batch
        _info:o customFields:a=CustomFieldValue
    """,
    "catalogItem": """
        id:i identifier:s75! description:s60! inactiveFlag:b? subcategory:r=ProductSubCategory! type:r=ProductType!
        productClass:e=Agreement|Bundle|Inventory|NonInventory|Service? serializedFlag:b? serializedCostFlag:b?
        phaseProductFlag:b? unitOfMeasure:r=UnitOfMeasure minStockLevel:i? price:n? cost:n?
        priceAttribute:e=FixedFee|NotToExceed|OverrideRate|TimeAndMaterials? taxableFlag:b? dropShipFlag:b?
        specialOrderFlag:b? customerDescription:s6000! manufacturer:r=Manufacturer manufacturerPartNumber:s50
        vendor:r=Company vendorSku:s50 notes:s integrationXRef:s50 sla:r=SLA entityType:r=EntityType
        recurringFlag:b? recurringRevenue:n? recurringCost:n? recurringOneTimeFlag:b?
        recurringBillCycle:r=BillingCycle recurringCycleType:e=ContractYear|CalendarYear? calculatedPriceFlag:b?
        calculatedCostFlag:b? category:r=ProductCategory calculatedPrice:n? calculatedCost:n?
        billableOption:e=Billable|DoNotBill|NoCharge|NoDefault? connectWiseID:s agreementType:r=AgreementType
        markupPercentage:n? markupFlag:b? autoUpdateUnitCostFlag:b? autoUpdateUnitPriceFlag:b? _info:o
        customFields:a=CustomFieldValue
    """,
    "category": """
        id:i name:s50! inactiveFlag:b? priceLevelXref:s10 integrationXref:s50 locationIds:a=i defaultFlag:b?
        addAllLocations:b? removeAllLocations:b? connectWiseId:s _info:o
    """,
    "subCategory": """
        id:i name:s50! inactiveFlag:b? integrationXref:s50 defaultFlag:b? category:r=ProductCategory!
        connectWiseId:s _info:o
    """,
    "legacySubCategory": """
        id:i name:s50! inactiveFlag:b? _info:o
    """,
    "productType": """
        id:i name:s50! inactiveFlag:b? typeXref:e=InventoryPart|NonInventoryPart|OtherCharge|Service? defaultFlag:b?
        connectWiseId:s _info:o
    """,
    "unitOfMeasure": """
        id:i name:s50! inactiveFlag:b? defaultFlag:b? uomScheduleXref:s31 connectWiseId:s _info:o
    """,
    "managementItSolution": """
        id:i name:s30! managementItSolutionType:e=LevelPlatforms|NAble|Continuum|Custom?! managementSolutionName:s30
        managementServerUrl:s200 webserviceOverrideUrl:s200 portalOverrideLoginUrl:s200 globalLoginFlag:b?
        globalLoginUsername:s50 globalLoginPassword:s50 usingSslFlag:b? nAbleUsername:s50 nAblePassword:s50
        overrideWebServiceLocationFlag:b? overrideLoginLocationFlag:b? continuumApiUsername:s100
        continuumApiPassword:s100 levelApiUsername:s100 levelApiPassword:s100 levelVarDomain:s100 noDisplayFlag:b?
        connectWiseId:s _info:o
    """,
    "managementProduct": """
        id:i managedDevicesIntegration:r=ManagedDevicesIntegration agreementType:r=AgreementType!
        serverProduct:r=IvItem workstationProduct:r=IvItem spamStatsProduct:r=IvItem connectWiseId:s
        parentConnectWiseId:s parentId:i? grandParentId:i? grandParentConnectWiseId:s agrTypeCwId:s
        serverProductCwId:s spamStatsProductCwId:s workstationProductCwId:s _info:o
    """,
    "managedDevicesIntegration": """
        id:i name:s30! solution:s30! portalUrl:s200 loginBy:e=Global|Member?! globalLoginUsername:s50
        globalLoginPassword:s50 defaultBillingLevel:e=Detail|Summary?! managementItSetupType:s
        defaultLocation:r=SystemLocation defaultDepartment:r=SystemDepartment integratorLogin:r=IntegratorLogin
        matchOnSerialNumberFlag:b? disableNewCrossReferencesFlag:b? configBillCustomerFlag:b? connectWiseId:s
        _info:o
    """,
    "crossReference": """
        id:i managedDevicesIntegration:r=ManagedDevicesIntegration vendorType:s255 vendorLevel:s255
        agreementType:r=AgreementType product:r=IvItem configurationType:r=ConfigurationType inactiveFlag:b?
        connectWiseId:s parentConnectWiseId:s parentId:i? grandParentId:i? grandParentConnectWiseId:s _info:o
    """,
    "management": """
        id:i runTime:d addedConfigurationStatus:r=ConfigurationStatus!
        deletedConfigurationStatus:r=ConfigurationStatus! integratorLogin:r=IntegratorLogin!
        scheduleExecutiveSummaryReportFlag:b?! executiveSummaryReportScheduleDay:i?
        executiveSummaryReportScheduleHour:i? executiveSummaryReportScheduleMinute:i? connectWiseId:s _info:o
    """,
    "callbackEntry": """
        id:i description:s100 url:s! objectId:i?! type:s! level:s! memberId:i? payloadVersion:s inactiveFlag:b?
        isSoapCallbackFlag:b? isSelfSuppressedFlag:b? connectWiseID:s _info:o
    """,
    "securityRole": """
        id:i name:s30! roleType:s30 adminFlag:b? inactiveFlag:b? _info:o
    """,
    "securityRoleSetting": """
        id:i addLevel:e=None|My|All? editLevel:e=None|My|All? deleteLevel:e=None|My|All? inquireLevel:e=None|My|All?
        moduleFunctionName:s moduleFunctionDescription:s myAllFlag:b? moduleFunctionIdentifier:s reportFlag:b?
        restrictFlag:b? customFlag:b? moduleDescription:s moduleIdentifier:s moduleName:s sortOrder:i? _info:o
    """,
    "info": """
        version:s isCloud:b serverTimeZone:s licenseBits:a=LicenseBit cloudRegion:s maxWorkFlowRecordsAllowed:i
    """,
}

# What a reference carries besides `id` and `name`, or instead of them; each may carry `_info`, too.
REFERENCE_FIELDS: dict[str, str] = {
    "Agreement": "id:i? name:s type:s chargeFirmFlag:b?",
    "BillingStatus": "id:i? name:s isClosed:b?",
    "CommunicationType": "id:i? name:s coreEntityId:s",
    "Company": "id:i? identifier:s name:s",
    "ContactCommunicationItem": """
        id:i type:r=CommunicationType value:s extension:s defaultFlag:b? domain:s communicationType:e=Email|Fax|Phone?
    """,
    "Country": "id:i? identifier:s name:s",
    "Currency": """
        id:i? symbol:s currencyCode:s decimalSeparator:s numberOfDecimals:i thousandsSeparator:s
        negativeParenthesesFlag:b displaySymbolFlag:b currencyIdentifier:s displayIdFlag:b rightAlign:b name:s
    """,
    "CustomFieldValue": """
        id:i? caption:s type:e=customFieldType? entryMethod:e=Date|EntryField|List|Option? numberOfDecimals:i? value:v
        connectWiseId:s rowNum:i? userDefinedFieldRecId:i? podId:s
    """,
    "InvoiceGrouping": """
        id:i? name:s description:s showPriceFlag:b showSubItemsFlag:b groupParentChildAdditionsFlag:b
    """,
    "IvItem": "id:i? identifier:s serializedFlag:b?",
    "LicenseBit": "name:s activeFlag:b",
    "ManagementSolution": "id:i? name:s setupName:s",
    "Member": "id:i? identifier:s name:s dailyCapacity:n?",
    "SalesOrder": "id:i? identifier:s",
    "State": "id:i? identifier:s name:s",
    "SystemDepartment": "id:i? identifier:s name:s",
    "Ticket": "id:i? summary:s",
    "WorkType": "id:i? name:s utilizationFlag:b?",
}
PLAIN_REFERENCE = "id:i? name:s"
